import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { LedgerRow } from '../../ledger/types.ts';
import { openStore, type Store, type StoreOptions } from '../open.ts';

/** A folder that goes when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'livestill-store-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens a store for a test, in a folder of its own unless one is given; it is closed when the test is over. */
export type OpenStore = (options?: Partial<StoreOptions>) => Promise<Store>;

/** A store in this thread, in a folder of its own unless one is given; closed when the test is over. */
export async function temporaryStore(options: Partial<StoreOptions> = {}): Promise<Store> {
  const dataDir = options.dataDir ?? (await temporaryFolder());
  const store = await openStore({ thread: false, ...options, dataDir });
  onTestFinished(() => store.close());
  return store;
}

/** A pair with a key of the right form. */
export const somePair = (secretId = 'AKIDsomebody0001') => ({ secretId, secretKey: 'k'.repeat(32) });

/** A ledger row; what matters to a test is given. */
export function someRow(parts: Partial<LedgerRow> = {}): LedgerRow {
  return {
    kind: 'judged',
    requests: 1,
    at: new Date('2026-11-23T10:00:00.123Z'),
    requestId: 'request-1',
    appid: '1000001',
    secretId: 'AKIDsomebody0001',
    source: 'bytes',
    pictureBytes: 123_456,
    pictureSha256: 'ab'.repeat(32),
    code: 0,
    verdict: 'live',
    score: 93,
    rawScore: 93.25,
    reasons: ['blur', 'dark'],
    models: { minifasnet: 'cd'.repeat(32), detector: 'ef'.repeat(32) },
    milliseconds: 187.5,
    callerAddress: '192.0.2.7',
    explanation: null,
    ...parts,
  };
}
