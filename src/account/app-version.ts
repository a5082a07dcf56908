import { createHash } from 'node:crypto';
import type { JudgingRules } from '../policy/policy.ts';
import type { App } from './types.ts';

/**
 * Names the state of an app and its rules: another one after every change. Who changes an app that was read
 * before says which state that was, so that a change made in between is not lost.
 */
export function appVersion(app: App, rules: JudgingRules): string {
  const content = [app, Object.entries(rules).sort(([one], [other]) => (one < other ? -1 : 1))];
  return createHash('sha256').update(JSON.stringify(content)).digest('hex').slice(0, 16);
}
