import type { AttemptField } from './attempts.ts';
import type { GroupField } from './groups.ts';
import type { ClusterKind } from './metrics/clusters.ts';
import type { ProtocolName } from './protocol.ts';
import type { ThresholdRule } from './threshold.ts';

/** What is to be measured, and how. */
export interface EvaluationRequest {
  readonly threshold?: number;
  /** With a comparison: that of the second system. */
  readonly thresholdB?: number;
  readonly chooseThreshold?: ThresholdRule;
  /** What the threshold is chosen on. */
  readonly dev?: string;
  readonly folds?: number;
  readonly by: readonly GroupField[];
  /** Pictures with one value in this column are stills of one attempt. */
  readonly together?: AttemptField;
  readonly cluster?: ClusterKind;
  /** Replicates of the bootstrap. */
  readonly bootstrap: number;
  readonly seed: number;
  readonly confidence: number;
  readonly protocol?: ProtocolName;
  /** Most pictures that are judged again after changes. */
  readonly robustness?: number;
  readonly ignoreQuality?: true;
}

/** The files that an evaluation writes. */
export interface EvaluationFiles {
  readonly report?: string;
  /** Pictures in the report. */
  readonly gallery: boolean;
  readonly saveScores?: string;
  readonly operatingPoints?: string;
  readonly overwrite?: true;
}

/** The program and the command line that a result is made with. */
export interface Origin {
  readonly version: string;
  /** The exact command line. */
  readonly command: string;
}
