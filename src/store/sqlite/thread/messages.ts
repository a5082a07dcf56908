import { Fault, type FaultKind, revivedFault, UsageError } from '../../../faults.ts';
import type { Backend } from '../../core/backend.ts';
import type { StoreKind } from '../../core/database.ts';
import type { Migrated } from '../../core/migrated.ts';

/** Every call of the backend, and the fault that stands for its not being answered. */
export const CALLS: Readonly<Record<keyof Backend, StoreKind>> = {
  findApp: 'accounts_unavailable',
  findSecret: 'accounts_unavailable',
  findBucketOwner: 'accounts_unavailable',
  createApp: 'accounts_unavailable',
  listApps: 'accounts_unavailable',
  findAppWithProfile: 'accounts_unavailable',
  changeApp: 'accounts_unavailable',
  setAppState: 'accounts_unavailable',
  setLimits: 'accounts_unavailable',
  setPolicy: 'accounts_unavailable',
  setBuckets: 'accounts_unavailable',
  addSecret: 'accounts_unavailable',
  listSecrets: 'accounts_unavailable',
  setSecretEnabled: 'accounts_unavailable',
  rotateSecret: 'accounts_unavailable',
  rotateMasterKey: 'accounts_unavailable',
  touch: 'accounts_unavailable',
  findApiKey: 'accounts_unavailable',
  addApiKey: 'accounts_unavailable',
  listApiKeys: 'accounts_unavailable',
  setApiKeyEnabled: 'accounts_unavailable',
  rotateApiKey: 'accounts_unavailable',
  touchKey: 'accounts_unavailable',
  findRules: 'accounts_unavailable',
  setRules: 'accounts_unavailable',
  listUsers: 'accounts_unavailable',
  hasUsers: 'accounts_unavailable',
  findUser: 'accounts_unavailable',
  takeTotpStep: 'accounts_unavailable',
  openSession: 'accounts_unavailable',
  findSession: 'accounts_unavailable',
  touchSession: 'accounts_unavailable',
  rotateSession: 'accounts_unavailable',
  proveSession: 'accounts_unavailable',
  findSessionById: 'accounts_unavailable',
  endSession: 'accounts_unavailable',
  endSessions: 'accounts_unavailable',
  listSessions: 'accounts_unavailable',
  putTicket: 'accounts_unavailable',
  findTicket: 'accounts_unavailable',
  takeTicket: 'accounts_unavailable',
  findFailures: 'accounts_unavailable',
  noteFailure: 'accounts_unavailable',
  lockUntil: 'accounts_unavailable',
  clearFailures: 'accounts_unavailable',
  listPasskeys: 'accounts_unavailable',
  findPasskey: 'accounts_unavailable',
  usePasskey: 'accounts_unavailable',
  listAdminKeys: 'accounts_unavailable',
  findAdminKey: 'accounts_unavailable',
  touchAdminKey: 'accounts_unavailable',
  recentUse: 'state_unavailable',
  addUser: 'accounts_unavailable',
  changeUser: 'accounts_unavailable',
  removeUser: 'accounts_unavailable',
  addPasskey: 'accounts_unavailable',
  renamePasskey: 'accounts_unavailable',
  removePasskey: 'accounts_unavailable',
  addAdminKey: 'accounts_unavailable',
  removeAdminKey: 'accounts_unavailable',
  findOwnPoints: 'accounts_unavailable',
  setOwnPoints: 'accounts_unavailable',
  changeAs: 'accounts_unavailable',
  beginIdempotent: 'state_unavailable',
  finishIdempotent: 'state_unavailable',
  releaseIdempotent: 'state_unavailable',
  createSession: 'state_unavailable',
  findCaptureSession: 'state_unavailable',
  stepSession: 'state_unavailable',
  expireSessions: 'state_unavailable',
  countOpenSessions: 'state_unavailable',
  takeWebhooks: 'state_unavailable',
  endWebhook: 'state_unavailable',
  findWebhook: 'state_unavailable',
  webhookQueue: 'state_unavailable',
  remember: 'state_unavailable',
  isUsed: 'state_unavailable',
  hasSignatures: 'state_unavailable',
  noteElsewhere: 'state_unavailable',
  consume: 'state_unavailable',
  used: 'state_unavailable',
  raise: 'state_unavailable',
  addScores: 'state_unavailable',
  scoreWindows: 'state_unavailable',
  append: 'state_unavailable',
  page: 'state_unavailable',
  latest: 'state_unavailable',
  count: 'state_unavailable',
  newestRows: 'state_unavailable',
  search: 'state_unavailable',
  activityRows: 'state_unavailable',
  scorePart: 'state_unavailable',
  reviewPage: 'state_unavailable',
  markDecision: 'state_unavailable',
  chainNames: 'state_unavailable',
  chainFrame: 'state_unavailable',
  chainPage: 'state_unavailable',
  chainHead: 'state_unavailable',
  hashAt: 'state_unavailable',
  erase: 'state_unavailable',
  countBeside: 'state_unavailable',
  latestChanges: 'state_unavailable',
  noteChange: 'state_unavailable',
  pruneSome: 'state_unavailable',
  lookAtClock: 'state_unavailable',
  lastClock: 'state_unavailable',
  sweepSome: 'state_unavailable',
  forgetAnswers: 'state_unavailable',
  dropOldCopies: 'state_unavailable',
  check: 'state_unavailable',
  close: 'state_unavailable',
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
  readonly kind?: FaultKind;
  readonly reason?: string;
  readonly retryAfter?: number;
  readonly cause?: string;
}

/** An error on its way to the other thread. */
export function toPlain(error: unknown): PlainError {
  if (!(error instanceof Error)) return { name: 'Error', message: String(error) };
  const cause =
    error.cause === undefined ? {} : { cause: String((error.cause as Error)?.message ?? error.cause) };
  if (error instanceof Fault) {
    const { message, kind, reason, retryAfter } = error;
    return {
      name: 'Fault',
      message,
      kind,
      reason,
      ...(retryAfter === undefined ? {} : { retryAfter }),
      ...cause,
    };
  }
  if (error instanceof UsageError)
    return { name: 'UsageError', message: error.message, reason: error.reason, ...cause };
  return { name: error.name, message: error.message, ...cause };
}

/** An error that arrived from the other thread. */
export function fromPlain(plain: PlainError): Error {
  const { cause, retryAfter } = plain;
  const options = {
    ...(cause === undefined ? {} : { cause }),
    ...(retryAfter === undefined ? {} : { retryAfter }),
  };
  if (plain.name === 'Fault') {
    const { kind = 'internal', reason = 'unknown', message } = plain;
    return revivedFault({ kind, reason, message }, options);
  }
  if (plain.name === 'UsageError') return new UsageError(plain.reason ?? 'unknown', plain.message, options);
  return new Error(plain.message, options);
}
