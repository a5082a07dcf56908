import { type ReasonCode, reason } from '../reasons.ts';
import type { QualityComponent, QualityRange, Reason } from '../types.ts';
import type { Measures } from './measure.ts';
import { type Bound, RULES } from './rules.ts';

/** The reason for a value outside the bound. A value that is no number is outside too. */
function breached(bound: Bound | undefined, value: number): ReasonCode | null {
  if (bound === undefined) return null;
  if (bound.min !== undefined && !(value >= bound.min)) return bound.below ?? null;
  if (bound.max !== undefined && !(value <= bound.max)) return bound.above ?? null;
  return null;
}

const range = (bound: Bound | undefined): QualityRange => ({
  min: bound?.min ?? null,
  max: bound?.max ?? null,
});

/**
 * What the measures mean: every component that could be measured with its limits, and a reason, once, for each limit or
 * warning level passed.
 */
export function assessQuality(measures: Measures): {
  readonly components: QualityComponent[];
  readonly reasons: Reason[];
  readonly tooPoor: boolean;
} {
  const components: QualityComponent[] = [];
  const codes = new Set<ReasonCode>();
  for (const rule of RULES) {
    const value = rule.value(measures);
    if (value === null) continue;
    const rejected = breached(rule.reject, value);
    const code = rejected ?? breached(rule.warn, value);
    if (code !== null) codes.add(code);
    components.push({
      name: rule.name,
      value,
      unit: rule.unit,
      limit: range(rule.reject),
      advised: range(rule.warn),
      passed: rejected === null,
    });
  }
  const tooPoor = components.some((c) => !c.passed);
  return { components, reasons: [...codes].map(reason).sort(bySeverity), tooPoor };
}

function bySeverity(a: Reason, b: Reason): number {
  const order = { error: 0, warning: 1, info: 2 };
  return order[a.severity] - order[b.severity];
}
