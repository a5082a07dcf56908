import type { App, AppLimits, AppPolicy, SecretSummary } from '../../account/types.ts';
import { pairs } from '../shared/outcome.ts';
import { createTable } from '../shared/table.ts';

/** An app as it is printed for programs. */
export function appJson(app: App): Readonly<Record<string, unknown>> {
  return { ...app, createdAt: app.createdAt.toISOString() };
}

/** Limits in one line; `none` where there are none. */
export function limitsText(limits: AppLimits): string {
  const parts = [
    limits.requestsPerSecond === null ? '' : `${limits.requestsPerSecond}/s`,
    limits.burst === null ? '' : `burst ${limits.burst}`,
    limits.concurrent === null ? '' : `${limits.concurrent} at once`,
    limits.daily === null ? '' : `${limits.daily} a day`,
  ].filter((part) => part !== '');
  return parts.length === 0 ? 'none' : parts.join(', ');
}

function policyText(policy: AppPolicy): string {
  const { threshold, profile, capture, review } = policy;
  return `threshold ${threshold ?? 'default'}, profile ${profile ?? 'default'}, capture preset ${capture ?? 'default'}, review ${reviewText(review)}`;
}

/** Limits of review in a few characters; `default` where they are the server's. */
export function reviewText(review: AppPolicy['review']): string {
  return review === null ? 'default' : `${review.low} to ${review.high}`;
}

/** One app with its keys, for people. */
export function appText(app: App, keys: readonly SecretSummary[], usedToday: number): string {
  const lines: (readonly [string, string])[] = [
    ['appid', app.appid],
    ['name', app.name],
    ['state', app.state],
    ['made', app.createdAt.toISOString()],
    ['buckets', app.buckets.length === 0 ? 'not compared' : app.buckets.join(', ')],
    ['limits', limitsText(app.limits)],
    ['settings', policyText(app.policy)],
  ];
  if (app.limits.daily !== null) lines.push(['used today', String(usedToday)]);
  return `${pairs(lines)}\n\n${keysTable(keys)}`;
}

/** Pairs of keys as a table for people. */
export function keysTable(keys: readonly SecretSummary[]): string {
  const rows = keys.map((key) => [
    key.secretId,
    key.enabled ? 'enabled' : 'disabled',
    key.expiresAt === null ? '-' : key.expiresAt.toISOString(),
    key.lastUsedAt === null ? 'never' : key.lastUsedAt.toISOString(),
    key.createdAt.toISOString(),
  ]);
  const titles = ['SecretId', 'state', 'ends', 'last used', 'made'];
  const table = createTable(
    titles.map((title) => ({ title })),
    rows,
  );
  return [table.head, ...rows.map((row) => table.line(row))].join('\n');
}
