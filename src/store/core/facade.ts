import type { PermitStore, RateStore, ReplayStore, UsageStore } from '../../account/types.ts';
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
  check?(): Promise<void>;
  close?(): Promise<void>;
}

/** The store as everything else knows it, over the calls of a backend. */
export function facade(backend: Backend, onTrouble: (error: Error) => void, shared: Shared = {}): Store {
  const { append, page, latest, count, consume, used, remember } = backend;
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
      findSession: backend.findSession,
      stepSession: backend.stepSession,
      expireSessions: backend.expireSessions,
    },
    webhooks: {
      takeWebhooks: backend.takeWebhooks,
      endWebhook: backend.endWebhook,
      findWebhook: backend.findWebhook,
    },
    replay: shared.replay ?? { remember },
    rates: shared.rates ?? null,
    permits: shared.permits ?? null,
    usage: shared.usage ?? { consume, used },
    ledger: {
      append,
      page,
      latest,
      count,
      read: (filter) => readAll(backend, filter),
      prune: (before) => pruneAll(backend, before),
    },
    chains: {
      names: backend.chainNames,
      verify: (chain, range = {}) => verifyAll(backend, chain, range.from ?? null, range.to ?? null),
      head: backend.chainHead,
      hashAt: backend.hashAt,
      erase: backend.erase,
      adminLog: backend.latestChanges,
      note: backend.noteChange,
    },
    upkeep: {
      lookAtClock: backend.lookAtClock,
      lastClock: backend.lastClock,
      sweep: (now) => untilFew((limit) => backend.sweepSome(now, limit)),
    },
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
  const { createApp, listApps, findAppWithProfile, setAppState, setLimits, setPolicy, setBuckets } = backend;
  const { addSecret, listSecrets, setSecretEnabled, rotateSecret, rotateMasterKey } = backend;
  return {
    findApp,
    findSecret,
    findBucketOwner,
    touchSecret: (secretId, at) => void backend.touch(secretId, at).catch(onTrouble),
    createApp,
    listApps,
    findAppWithProfile,
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
  const { findApiKey, addApiKey, listApiKeys, setApiKeyEnabled } = backend;
  return {
    findApiKey,
    addApiKey,
    listApiKeys,
    setApiKeyEnabled,
    touchApiKey: (keyId, at) => void backend.touchKey(keyId, at).catch(onTrouble),
  };
}
