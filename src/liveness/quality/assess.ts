import { type ReasonCode, reason } from '../reasons.ts';
import type { QualityComponent, Reason } from '../types.ts';
import type { Exposure } from './exposure.ts';
import type { Framing } from './framing.ts';

/** Every measure of one face. */
export interface Measures extends Exposure, Framing {
  readonly sharpness: number;
}

interface Bound {
  /** Values below `min` or above `max` are outside. */
  readonly min?: number;
  readonly max?: number;
  readonly below?: ReasonCode;
  readonly above?: ReasonCode;
}

interface ComponentRule {
  /** As in ISO/IEC 29794-5 where one of its components fits. */
  readonly name: string;
  readonly unit: string;
  readonly value: (m: Measures) => number;
  /** Outside: the picture is too poor to judge. */
  readonly reject?: Bound;
  /** Outside: judged, with a warning. */
  readonly warn?: Bound;
}

/**
 * Components and their limits. The limits were measured on private data (docs/accuracy.md): a heavily blurred attack
 * looks live, so the sharpness limit guards security; the others mainly keep real people from being refused.
 */
const RULES: readonly ComponentRule[] = [
  {
    name: 'FaceWidth',
    unit: 'px',
    value: (m) => m.faceWidth,
    reject: { min: 48, below: 'FACE_TOO_SMALL' },
    warn: { min: 80, below: 'FACE_SMALL' },
  },
  {
    name: 'FaceInside',
    unit: 'share',
    value: (m) => m.inside,
    reject: { min: 0.98, below: 'FACE_CUT_OFF' },
  },
  {
    name: 'Context',
    unit: 'face boxes',
    value: (m) => m.context,
    reject: { min: 1.3, below: 'FACE_TOO_CLOSE' },
    warn: { min: 1.8, below: 'FACE_CLOSE' },
  },
  {
    name: 'LuminanceMean',
    unit: '0-255',
    value: (m) => m.brightness,
    reject: { min: 40, max: 225, below: 'TOO_DARK', above: 'TOO_BRIGHT' },
    warn: { min: 60, max: 200, below: 'DARK', above: 'BRIGHT' },
  },
  {
    name: 'UnderExposurePrevention',
    unit: 'share of dark pixels',
    value: (m) => m.darkFraction,
    reject: { max: 0.3, above: 'DEEP_SHADOW' },
  },
  {
    name: 'LuminanceDeviation',
    unit: '0-255',
    value: (m) => m.contrast,
    reject: { min: 10, below: 'LOW_CONTRAST' },
  },
  {
    name: 'Sharpness',
    unit: 'variance of the Laplacian',
    value: (m) => m.sharpness,
    reject: { min: 6, below: 'BLURRED' },
    warn: { min: 16, below: 'SOFT' },
  },
  {
    name: 'HeadPoseRoll',
    unit: 'degrees',
    value: (m) => m.roll,
    reject: { min: -20, max: 20, below: 'HEAD_TILTED', above: 'HEAD_TILTED' },
  },
  {
    name: 'NoseOffset',
    unit: 'eye distances',
    value: (m) => m.noseOffset,
    warn: { max: 0.35, above: 'HEAD_TURNED' },
  },
  { name: 'InterEyeDistance', unit: 'px', value: (m) => m.eyeDistance },
];

function breached(bound: Bound | undefined, value: number): ReasonCode | null {
  if (bound === undefined) return null;
  // Written so that a value that is no number breaches the bound.
  if (bound.min !== undefined && !(value >= bound.min)) return bound.below ?? null;
  if (bound.max !== undefined && !(value <= bound.max)) return bound.above ?? null;
  return null;
}

/** What the measures mean: every component with its limit, and a reason for each limit or warning level passed. */
export function assessQuality(measures: Measures): {
  readonly components: QualityComponent[];
  readonly reasons: Reason[];
  readonly tooPoor: boolean;
} {
  const components: QualityComponent[] = [];
  const reasons: Reason[] = [];
  for (const rule of RULES) {
    const value = rule.value(measures);
    const rejected = breached(rule.reject, value);
    const warned = breached(rule.warn, value);
    if (rejected !== null) reasons.push(reason(rejected));
    else if (warned !== null) reasons.push(reason(warned));
    components.push({
      name: rule.name,
      value,
      unit: rule.unit,
      limit: { min: rule.reject?.min ?? null, max: rule.reject?.max ?? null },
      passed: rejected === null,
    });
  }
  const tooPoor = components.some((c) => !c.passed);
  return { components, reasons: reasons.sort(bySeverity), tooPoor };
}

function bySeverity(a: Reason, b: Reason): number {
  const order = { error: 0, warning: 1, info: 2 };
  return order[a.severity] - order[b.severity];
}
