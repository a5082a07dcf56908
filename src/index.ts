/**
 * livestill as a library: `createLiveness()` loads the networks, `judge(bytes)` judges one picture.
 *
 * @example
 * import { readFile } from 'node:fs/promises';
 * import { createLiveness } from 'livestill';
 *
 * const liveness = await createLiveness();
 * const { verdict, score, reasons } = await liveness.judge(await readFile('selfie.jpg'));
 * await liveness.close();
 */
export {
  createLiveness,
  type JudgedPicture,
  type JudgeOptions,
  type Lacking,
  type Liveness,
  type LivenessOptions,
} from './engine.ts';
export { Fault, type FaultArea, type FaultKind, type FaultReason } from './faults.ts';
export { ModelError } from './liveness/model-error.ts';
export { DEFAULT_THRESHOLD } from './liveness/threshold.ts';
export type * from './liveness/types.ts';
export { DEFAULT_LIMITS, type PictureLimits } from './picture/decode/decode.ts';
export { WeightsError } from './weights/index.ts';
