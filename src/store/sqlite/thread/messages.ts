import { Fault, UsageError } from '../../../errors.ts';
import type { Backend } from '../../core/backend.ts';
import type { StoreCode } from '../../core/database.ts';
import type { Migrated } from '../../core/migrated.ts';

/** Every call of the backend, and the fault that stands for its not being answered. */
export const calls: Readonly<Record<keyof Backend, StoreCode>> = {
  findApp: 107,
  findSecret: 107,
  findBucketOwner: 107,
  createApp: 107,
  listApps: 107,
  findAppWithProfile: 107,
  setAppState: 107,
  setLimits: 107,
  setPolicy: 107,
  setBuckets: 107,
  addSecret: 107,
  listSecrets: 107,
  setSecretEnabled: 107,
  rotateSecret: 107,
  rotateMasterKey: 107,
  touch: 107,
  findApiKey: 107,
  addApiKey: 107,
  listApiKeys: 107,
  setApiKeyEnabled: 107,
  touchKey: 107,
  findRules: 107,
  setRules: 107,
  beginIdempotent: 108,
  finishIdempotent: 108,
  releaseIdempotent: 108,
  remember: 108,
  consume: 108,
  used: 108,
  append: 108,
  page: 108,
  latest: 108,
  count: 108,
  newestRows: 108,
  chainNames: 108,
  chainFrame: 108,
  chainPage: 108,
  chainHead: 108,
  hashAt: 108,
  erase: 108,
  latestChanges: 108,
  noteChange: 108,
  pruneSome: 108,
  lookAtClock: 108,
  lastClock: 108,
  sweepSome: 108,
  forgetAnswers: 108,
  dropOldCopies: 108,
  check: 108,
  close: 108,
};

/** One call of the backend. */
export interface Call {
  readonly id: number;
  readonly method: keyof Backend;
  readonly args: readonly unknown[];
}

/** From the main thread to the store's: the calls of one moment, in their order. */
export type Calls = readonly Call[];

/** From the store's thread: opened or not, an answer, or trouble that nobody asked about. */
export type Reply =
  | { readonly kind: 'opened' }
  | { readonly kind: 'failed'; readonly error: PlainError }
  | { readonly kind: 'answer'; readonly id: number; readonly value: unknown }
  | { readonly kind: 'refusal'; readonly id: number; readonly error: PlainError }
  /** Answers and refusals of one moment. */
  | { readonly kind: 'several'; readonly replies: readonly Reply[] }
  | { readonly kind: 'trouble'; readonly error: PlainError }
  /** Tables of an older version are being changed: opening takes as long as it takes. */
  | { readonly kind: 'migrating' }
  | { readonly kind: 'migrated'; readonly migrated: Migrated }
  /** It answers what it has and then ends: nothing more is to be sent to it. */
  | { readonly kind: 'ending' };

/** An error as data: its class is lost between threads. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly code?: number;
  readonly reason?: string;
  readonly cause?: string;
}

/** An error on its way to the other thread. */
export function toPlain(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const cause =
    error.cause === undefined ? {} : { cause: String((error.cause as Error)?.message ?? error.cause) };
  if (error instanceof Fault) {
    return { name: 'Fault', message: error.message, code: error.code, reason: error.reason, ...cause };
  }
  if (error instanceof UsageError)
    return { name: 'UsageError', message: error.message, reason: error.reason, ...cause };
  return { name: error.name, message: error.message, ...cause };
}

/** An error that arrived from the other thread. */
export function fromPlain(plain: PlainError): Error {
  const options = plain.cause === undefined ? {} : { cause: plain.cause };
  if (plain.name === 'Fault')
    return new Fault(plain.code ?? 213, plain.reason ?? 'unknown', plain.message, options);
  if (plain.name === 'UsageError') return new UsageError(plain.reason ?? 'unknown', plain.message, options);
  return new Error(plain.message, options);
}
