import { InvalidArgumentError } from 'commander';
import { GROUP_FIELDS, type GroupField } from '../../evaluation/groups.ts';
import type { EvaluationFiles, EvaluationRequest } from '../../evaluation/request.ts';
import { parseThresholdRule, type ThresholdRule } from '../../evaluation/threshold.ts';
import type { CapturePreset, Profile } from '../../liveness/types.ts';

/** The options of `livestill evaluate` as the command line gives them. */
export interface EvaluateFlags extends EvaluationRequest, EvaluationFiles {
  readonly scores?: string;
  readonly compare?: readonly string[];
  readonly json?: true;
  readonly cache: string | boolean;
  readonly profile?: Profile;
  readonly capture?: CapturePreset;
  readonly models?: string;
  readonly pack: readonly string[];
}

/** A rule such as `eer` or `apcer=0.05`, its mistakes reported as wrong use of the command line. */
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
