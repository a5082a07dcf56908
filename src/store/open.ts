import type { ChainName } from '../ledger/checkpoint.ts';
import type { LedgerFilter, LedgerPlace, LedgerReader, StoredLedgerRow } from '../ledger/types.ts';
import { type ChainedRow, type Verification, verifyChain } from '../ledger/verify.ts';
import { type Backend, openBackend } from './backend.ts';
import type { ChainFrame } from './record.ts';
import { openRemoteBackend } from './remote.ts';
import type { Store, StoreOptions } from './types.ts';

export type { Store, StoreOptions } from './types.ts';

const answerWithinMs = 5000;
const pageSize = 500;

/**
 * Open the data folder: the accounts, the memory of single-use signatures, the daily counts and the ledger.
 *
 * @throws UsageError `data_missing` when `create` is false and there is no data folder
 * @throws Fault `accounts_unavailable` when it cannot be used: `master_key_missing`, `master_key_wrong`, `master_key_exposed`,
 * `master_key_malformed`, `store_locked`, `store_corrupt`, `store_newer`, …; the message says what to do
 */
export async function openStore(options: StoreOptions): Promise<Store> {
  const { dataDir, create, masterKey, auditKey, actor, sync, lockWaitMs, idempotency, migrationBackups } =
    options;
  const plain = Object.fromEntries(
    Object.entries({
      create,
      masterKey,
      auditKey,
      actor,
      sync,
      lockWaitMs,
      idempotency,
      migrationBackups,
    }).filter(([, value]) => value !== undefined),
  );
  const onTrouble = options.onTrouble ?? (() => {});
  const backendOptions = { dataDir, ...plain };
  const backend =
    options.thread === false
      ? await openBackend(backendOptions, { onTrouble, onMigrated: options.onMigrated })
      : await openRemoteBackend({
          backend: backendOptions,
          answerWithinMs: options.answerWithinMs ?? answerWithinMs,
          onTrouble,
          onMigrated: options.onMigrated,
        });
  return facade(backend, onTrouble);
}

function facade(backend: Backend, onTrouble: (error: Error) => void): Store {
  const { append, page, latest, count } = backend;
  const { findApp, findSecret, findBucketOwner } = backend;
  const { createApp, listApps, findAppWithProfile, setAppState, setLimits, setPolicy, setBuckets } = backend;
  const { findApiKey, addApiKey, listApiKeys, setApiKeyEnabled } = backend;
  const { addSecret, listSecrets, setSecretEnabled, rotateSecret, rotateMasterKey } = backend;
  return {
    accounts: {
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
    },
    apiKeys: {
      findApiKey,
      addApiKey,
      listApiKeys,
      setApiKeyEnabled,
      touchApiKey: (keyId, at) => void backend.touchKey(keyId, at).catch(onTrouble),
    },
    rules: { findRules: backend.findRules, setRules: backend.setRules },
    idempotency: {
      beginIdempotent: backend.beginIdempotent,
      finishIdempotent: backend.finishIdempotent,
      releaseIdempotent: backend.releaseIdempotent,
    },
    replay: { remember: backend.remember },
    usage: { consume: backend.consume, used: backend.used },
    ledger: {
      append,
      page,
      latest,
      count,
      read: (filter) => readAll(backend, filter),
      prune: (before) => pruneAll(backend, before),
    },
    chains: {
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
    check: backend.check,
    close: backend.close,
  };
}

async function* readAll(
  backend: Backend,
  filter: LedgerFilter,
): ReturnType<LedgerReader['read']> & AsyncGenerator<StoredLedgerRow> {
  const upToId = await backend.lastId();
  for (let after: LedgerPlace | null = null; ; ) {
    const rows: readonly StoredLedgerRow[] = await backend.page({ ...filter, upToId }, after, pageSize);
    yield* rows;
    if (rows.length < pageSize) return;
    const last: StoredLedgerRow = rows[rows.length - 1]!;
    after = { at: last.at, id: last.id };
  }
}

async function pruneAll(backend: Backend, before: Date): Promise<number> {
  const gone = await untilFew((limit) => backend.pruneSome(before, limit));
  if (gone > 0) {
    const after = { rows: gone, olderThan: before.toISOString() };
    await backend.noteChange({ action: 'ledger.prune', target: '', before: null, after });
  }
  await untilFew((limit) => backend.forgetAnswers(before, limit));
  await backend.dropOldCopies(before);
  return gone;
}

/** Repeats a deletion of at most so many rows, other writes in between, until fewer went; how many went in all. */
async function untilFew(some: (limit: number) => Promise<number>): Promise<number> {
  for (let gone = 0; ; ) {
    const few = await some(pageSize);
    gone += few;
    if (few < pageSize) return gone;
  }
}

/** How often a chain is gone through where rows are deleted meanwhile. */
const mostWalks = 5;

/** Rows that are deleted behind the back of a verification look as if they were taken out: then it begins anew. */
async function verifyAll(
  backend: Backend,
  chain: ChainName,
  from: number | null,
  to: number | null,
): Promise<Verification> {
  let frame = await backend.chainFrame(chain, from, to);
  for (let walk = 1; ; walk++) {
    const found = await verifyOnce(backend, chain, frame, from, to);
    if (found.fault === null || walk === mostWalks) return found;
    const now = await backend.chainFrame(chain, from, to);
    if (gravesOf(now) === gravesOf(frame)) return found;
    frame = now;
  }
}

const gravesOf = ({ tombstones }: ChainFrame): string =>
  JSON.stringify(tombstones.map(({ fromId, toId }) => [fromId, toId]));

function verifyOnce(
  backend: Backend,
  chain: ChainName,
  frame: ChainFrame,
  from: number | null,
  to: number | null,
): Promise<Verification> {
  async function* rows(): AsyncGenerator<ChainedRow> {
    // What is appended meanwhile is another verification's.
    const end = to ?? frame.head?.rowId ?? null;
    for (let after = (from ?? 1) - 1; ; ) {
      const page = await backend.chainPage(chain, after, end, pageSize);
      yield* page;
      if (page.length < pageSize) return;
      after = page[page.length - 1]!.id;
    }
  }
  return verifyChain({ chain, ...frame, rows: rows(), publicKeys: new Map(frame.publicKeys) });
}
