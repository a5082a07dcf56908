import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { Fault } from '../../faults.ts';
import type { Judge } from '../../fleet/types.ts';
import type { LedgerRow } from '../../ledger/types.ts';
import { DEFAULT_RULES } from '../../policy/policy.ts';
import { openStore, type Store } from '../../store/open.ts';
import type { TestServer } from '../../store/postgres/test-support/server.ts';
import { settingsFor } from '../../store/postgres/test-support/settings.ts';
import { somePair, someRow } from '../../store/test-support/temp-store.ts';
import type { RowDecision } from '../judge-row.ts';
import type { BatchOrder, BatchStore, Submitted } from '../types.ts';
import type { WorkerDeps } from '../worker.ts';

/** Nodes on one database, each with a store of its own; two apps, `1` and `2`. */
export async function nodesOn(server: TestServer, count: number, url?: string): Promise<readonly Store[]> {
  const postgres = settingsFor(url ?? (await server.migratedDatabase()));
  const stores: Store[] = [];
  for (let n = 0; n < count; n++) {
    const dataDir = await mkdtemp(join(tmpdir(), 'livestill-jobs-'));
    onTestFinished(() => rm(dataDir, { recursive: true, force: true }));
    const store = await openStore({ dataDir, node: `n${n}`, masterKey: 'ab'.repeat(32), postgres });
    onTestFinished(() => store.close());
    stores.push(store);
  }
  for (const appid of ['1', '2'])
    await stores[0]?.accounts.createApp({ appid, name: appid }, somePair(`AKIDsome00000${appid}`));
  return stores;
}

/** The batches of a store. */
export function batchesOf(store: Store | undefined): BatchStore {
  if (store?.batches == null) throw new Error('the store has no batches');
  return store.batches;
}

/** An order of the app `1`. */
export const someOrder = (parts: Partial<BatchOrder> = {}): BatchOrder => ({
  appid: '1',
  secretId: '',
  name: 'some',
  priority: 0,
  webhook: null,
  results: null,
  ...parts,
});

/** Some pictures by name. */
export const somePictures = (count: number): Submitted[] =>
  Array.from({ length: count }, (_, i) => ({ picture: `${i + 1}.jpg` }));

const rowOf = ({ lease, row, picture }: RowDecision): LedgerRow =>
  someRow({
    appid: lease.appid,
    requestId: `batch-${lease.batchId}-${row.row}`,
    pictureSha256: picture?.sha256 ?? '',
  });

/** A worker whose judge refuses every picture as one that is none, at once. */
export function someWorker(store: Store, parts: Partial<WorkerDeps> = {}): WorkerDeps {
  const judge: Judge = {
    judge: () => Promise.reject(new Fault('picture_unreadable', 'not_an_image', 'no picture')),
    refusal: () => null,
    models: [],
  };
  return {
    batches: batchesOf(store),
    judge,
    pictures: { read: async (picture) => Buffer.from(picture) },
    threshold: 87,
    profile: 'careful',
    recordOf: rowOf,
    recordOfGroup: ({ decision }) => rowOf(decision),
    atOnce: 4,
    leaseMs: 60_000,
    pollMs: 20,
    name: 'tested',
    findApp: async (appid) => {
      const app = await store.accounts.findApp(appid);
      return app === null ? null : { app, rules: DEFAULT_RULES };
    },
    onTrouble: () => {},
    onChunk: () => {},
    onSetAside: () => {},
    onPaused: () => {},
    ...parts,
  };
}

/** Waits until something holds, looking again and again. */
export async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}
