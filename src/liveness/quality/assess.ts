import { type ReasonCode, reason } from '../reasons.ts';
import type { CapturePreset, QualityComponent, QualityRange, Reason } from '../types.ts';
import { type Bound, breached } from './bound.ts';
import { DEFAULT_CAPTURE, rejectUnder } from './capture.ts';
import type { Measures } from './measure.ts';
import { RULES } from './rules.ts';

const range = (bound: Bound | undefined): QualityRange => ({
  min: bound?.min ?? null,
  max: bound?.max ?? null,
});

/**
 * What the measures mean under a capture preset: every component that could be measured with its limits, and
 * a reason, once, for each limit or warning level passed.
 */
export function assessQuality(
  measures: Measures,
  preset: CapturePreset = DEFAULT_CAPTURE,
): {
  readonly components: QualityComponent[];
  readonly reasons: Reason[];
  readonly tooPoor: boolean;
} {
  const components: QualityComponent[] = [];
  const found = new Map<ReasonCode, Reason>();
  for (const rule of RULES) {
    const value = rule.value(measures);
    if (value === null) continue;
    const reject = rejectUnder(preset, rule);
    const rejected = breached(reject, value);
    const breach = rejected ?? breached(rule.warn, value);
    if (breach !== null && !found.has(breach.code)) {
      found.set(breach.code, reason(breach.code, Math.abs(breach.limit)));
    }
    components.push({
      name: rule.name,
      value,
      unit: rule.unit,
      limit: range(reject),
      advised: range(rule.warn),
      passed: rejected === null,
    });
  }
  const tooPoor = components.some((c) => !c.passed);
  return { components, reasons: [...found.values()].sort(bySeverity), tooPoor };
}

function bySeverity(a: Reason, b: Reason): number {
  const order = { error: 0, warning: 1, info: 2 };
  return order[a.severity] - order[b.severity];
}
