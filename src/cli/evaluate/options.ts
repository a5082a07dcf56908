import { InvalidArgumentError } from 'commander';
import { GROUP_FIELDS, type GroupField } from '../../evaluation/groups.ts';
import type { ClusterKind } from '../../evaluation/metrics/clusters.ts';
import type { ProtocolName } from '../../evaluation/protocol.ts';
import { parseThresholdRule, type ThresholdRule } from '../../evaluation/threshold.ts';
import type { CapturePreset, Profile } from '../../liveness/types.ts';

/** The options of `livestill evaluate` as the command line gives them. */
export interface EvaluateFlags {
  readonly scores?: string;
  readonly compare?: readonly string[];
  readonly threshold?: number;
  readonly thresholdB?: number;
  readonly chooseThreshold?: ThresholdRule;
  readonly dev?: string;
  readonly folds?: number;
  readonly by: readonly GroupField[];
  readonly cluster?: ClusterKind;
  readonly bootstrap: number;
  readonly seed: number;
  readonly confidence: number;
  readonly json?: true;
  readonly protocol?: ProtocolName;
  readonly report?: string;
  readonly gallery: boolean;
  readonly robustness?: number;
  readonly saveScores?: string;
  readonly operatingPoints?: string;
  readonly overwrite?: true;
  readonly cache: string | boolean;
  readonly profile?: Profile;
  readonly capture?: CapturePreset;
  readonly ignoreQuality?: true;
  readonly models?: string;
  readonly pack: readonly string[];
}

/** A parser of finite numbers within bounds. */
export function numberWithin(low: number, high: number, whole = false): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (text.trim() === '' || !(value >= low && value <= high) || (whole && !Number.isInteger(value))) {
      const kind = whole ? 'a whole number' : 'a number';
      const bounds = Number.isFinite(low) ? ` from ${low} to ${high}` : '';
      throw new InvalidArgumentError(`Expected ${kind}${bounds}.`);
    }
    return value;
  };
}

/** Any finite number. */
export function finiteNumber(text: string): number {
  const value = Number(text);
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Expected a number.');
  return value;
}

/** A rule such as `eer` or `apcer=0.05`, its mistakes told as wrong use of the command line. */
export function thresholdRule(text: string): ThresholdRule {
  try {
    return parseThresholdRule(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

/** Collects `--by` fields. */
export function groupField(text: string, all: readonly GroupField[]): readonly GroupField[] {
  const field = GROUP_FIELDS.find((name) => name === text);
  if (field === undefined) throw new InvalidArgumentError(`Expected one of ${GROUP_FIELDS.join(', ')}.`);
  return [...all, field];
}
