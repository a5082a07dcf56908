import type { PermitStore, RateStore, ReplayStore, UsageStore } from '../../account/types.ts';
import type { Changes } from '../../console/changes.ts';
import type { BatchStore } from '../../jobs/types.ts';
import { countActivity } from '../../ledger/activity.ts';
import type { Actor } from '../../ledger/admin.ts';
import { countScores } from '../../ledger/scores.ts';
import type { CallHealth, StoreHealth } from '../../ledger/store-health.ts';
import type { Backend } from './backend.ts';
import type { Store } from './types.ts';
import { verifyAll } from './verify-chain.ts';
import { pruneAll, readAll, untilFew } from './whole-ledger.ts';

/** What nodes share beside the database, or in it; what is left out each process keeps by itself. */
export interface Shared {
  readonly replay?: ReplayStore;
  readonly rates?: RateStore;
  readonly permits?: PermitStore;
  readonly usage?: UsageStore;
  readonly batches?: BatchStore;
  readonly health?: StoreHealth;
  readonly sqlite?: CallHealth;
  readonly redis?: CallHealth;
  check?(): Promise<void>;
  close?(): Promise<void>;
}

/** The store as everything else knows it, over the calls of a backend. */
export function facade(backend: Backend, onTrouble: (error: Error) => void, shared: Shared = {}): Store {
  const { append, page, latest, count, search, consume, used, remember, isUsed } = backend;
  return {
    accounts: accountsOf(backend, onTrouble),
    apiKeys: apiKeysOf(backend, onTrouble),
    rules: { findRules: backend.findRules, setRules: backend.setRules },
    idempotency: {
      beginIdempotent: backend.beginIdempotent,
      finishIdempotent: backend.finishIdempotent,
      releaseIdempotent: backend.releaseIdempotent,
    },
    sessions: {
      createSession: backend.createSession,
      findCaptureSession: backend.findCaptureSession,
      stepSession: backend.stepSession,
      expireSessions: backend.expireSessions,
      countOpenSessions: backend.countOpenSessions,
    },
    webhooks: {
      takeWebhooks: backend.takeWebhooks,
      endWebhook: backend.endWebhook,
      findWebhook: backend.findWebhook,
      webhookQueue: backend.webhookQueue,
    },
    replay: shared.replay ?? { remember, isUsed },
    rates: shared.rates ?? null,
    permits: shared.permits ?? null,
    usage: shared.usage ?? { consume, used },
    scores: { addScores: backend.addScores, scoreWindows: backend.scoreWindows },
    batches: shared.batches ?? null,
    health: shared.health ?? null,
    sqlite: shared.sqlite ?? null,
    redis: shared.redis ?? null,
    ledger: {
      append,
      page,
      latest,
      count,
      search,
      activity: (filter) => countActivity(backend.activityRows, filter),
      scores: (filter) => countScores(backend.scorePart, filter),
      read: (filter) => readAll(backend, filter),
      prune: (before) => pruneAll(backend, before),
    },
    chains: {
      names: backend.chainNames,
      verify: (chain, range = {}) => verifyAll(backend, chain, range.from ?? null, range.to ?? null),
      head: backend.chainHead,
      hashAt: backend.hashAt,
      erase: backend.erase,
      countBeside: backend.countBeside,
      adminLog: backend.latestChanges,
      note: backend.noteChange,
    },
    upkeep: {
      lookAtClock: backend.lookAtClock,
      lastClock: backend.lastClock,
      sweep: (now) => untilFew((limit) => backend.sweepSome(now, limit)),
    },
    console: consoleOf(backend),
    review: { reviewPage: backend.reviewPage },
    ownPoints: { findOwnPoints: backend.findOwnPoints },
    as: (actor) => changesAs(backend, actor),
    async check() {
      await backend.check();
      await shared.check?.();
    },
    async close() {
      await shared.close?.();
      await backend.close();
    },
  };
}

function accountsOf(backend: Backend, onTrouble: (error: Error) => void): Store['accounts'] {
  const { findApp, findSecret, findBucketOwner } = backend;
  const {
    createApp,
    listApps,
    findAppWithProfile,
    changeApp,
    setAppState,
    setLimits,
    setPolicy,
    setBuckets,
  } = backend;
  const { addSecret, listSecrets, setSecretEnabled, rotateSecret, rotateMasterKey } = backend;
  return {
    findApp,
    findSecret,
    findBucketOwner,
    touchSecret: (secretId, at) => void backend.touch(secretId, at).catch(onTrouble),
    createApp,
    listApps,
    findAppWithProfile,
    changeApp,
    setAppState,
    setLimits,
    setPolicy,
    setBuckets,
    addSecret,
    listSecrets,
    setSecretEnabled,
    rotateSecret,
    rotateMasterKey,
  };
}

function apiKeysOf(backend: Backend, onTrouble: (error: Error) => void): Store['apiKeys'] {
  const { findApiKey, addApiKey, listApiKeys, setApiKeyEnabled, rotateApiKey } = backend;
  return {
    findApiKey,
    addApiKey,
    listApiKeys,
    setApiKeyEnabled,
    rotateApiKey,
    touchApiKey: (keyId, at) => void backend.touchKey(keyId, at).catch(onTrouble),
  };
}

function consoleOf(backend: Backend): Store['console'] {
  const {
    listUsers,
    hasUsers,
    findUser,
    takeTotpStep,
    openSession,
    findSession,
    touchSession,
    rotateSession,
    proveSession,
    findSessionById,
    endSession,
    endSessions,
    listSessions,
    putTicket,
    findTicket,
    takeTicket,
    findFailures,
    noteFailure,
    lockUntil,
    clearFailures,
    listPasskeys,
    findPasskey,
    usePasskey,
    listAdminKeys,
    findAdminKey,
    touchAdminKey,
    recentUse,
  } = backend;
  const { addUser, changeUser, removeUser, addPasskey, renamePasskey, removePasskey } = backend;
  const { addAdminKey, removeAdminKey } = backend;
  return {
    listUsers,
    hasUsers,
    findUser,
    takeTotpStep,
    openSession,
    findSession,
    touchSession,
    rotateSession,
    proveSession,
    findSessionById,
    endSession,
    endSessions,
    listSessions,
    putTicket,
    findTicket,
    takeTicket,
    findFailures,
    noteFailure,
    lockUntil,
    clearFailures,
    listPasskeys,
    findPasskey,
    usePasskey,
    listAdminKeys,
    findAdminKey,
    touchAdminKey,
    recentUse,
    addUser,
    changeUser,
    removeUser,
    addPasskey,
    renamePasskey,
    removePasskey,
    addAdminKey,
    removeAdminKey,
  };
}

/** Every call that makes an entry in the log of changes. */
const CHANGES: Readonly<Record<keyof Changes, true>> = {
  addUser: true,
  changeUser: true,
  removeUser: true,
  addPasskey: true,
  renamePasskey: true,
  removePasskey: true,
  addAdminKey: true,
  removeAdminKey: true,
  createApp: true,
  changeApp: true,
  setAppState: true,
  setLimits: true,
  setPolicy: true,
  setBuckets: true,
  addSecret: true,
  setSecretEnabled: true,
  rotateSecret: true,
  rotateMasterKey: true,
  addApiKey: true,
  setApiKeyEnabled: true,
  rotateApiKey: true,
  setRules: true,
  markDecision: true,
  setOwnPoints: true,
  noteChange: true,
  erase: true,
};

/** The same changes, under the name of `actor`. */
function changesAs(backend: Backend, actor: Actor): Changes {
  const calls = Object.keys(CHANGES).map((name) => {
    const call = name as keyof Changes;
    return [call, (...args: readonly unknown[]) => backend.changeAs(actor, call, args)];
  });
  return Object.fromEntries(calls) as Changes;
}
