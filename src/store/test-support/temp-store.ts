import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, type it, onTestFinished } from 'vitest';
import { itWhere } from '../../../test/support/only-where.ts';
import type { ChainName } from '../../ledger/checkpoint.ts';
import type { Explanation, LedgerRow } from '../../ledger/types.ts';
import { openStore, type Store, type StoreOptions } from '../open.ts';
import { openConnection } from '../sqlite/connection.ts';

/** A folder that goes when the test is over. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'livestill-store-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens a store for a test; it is closed when the test is over. */
export type OpenStore = (options: Partial<StoreOptions> & { readonly dataDir: string }) => Promise<Store>;

/** The database that the tests of a file run on. */
export interface TestedDatabase {
  readonly kind: 'sqlite' | 'postgres';
  readonly open: OpenStore;
  /** The chain that its decisions go to, and behind which number the rows of that begin. */
  readonly chain: ChainName;
  readonly base: number;
  /** Runs SQL behind the back of the store of a data folder. */
  tamper(dataDir: string, statements: readonly string[]): Promise<void>;
  /** Every table of the store of a data folder, each with all of its rows as text. */
  dump(dataDir: string): Promise<Readonly<Record<string, string>>>;
}

/** Bytes are told in hexadecimal. */
const rowsText = (rows: readonly unknown[]): string =>
  JSON.stringify(rows, (_, value: unknown) => {
    if (typeof value === 'bigint') return String(value);
    if (value instanceof ArrayBuffer) return Buffer.from(value).toString('hex');
    const bytes = (value as { readonly type?: unknown; readonly data?: readonly number[] } | null)?.data;
    return Array.isArray(bytes) ? Buffer.from(bytes).toString('hex') : value;
  });

/** Every table by its name, read with `query`. */
export async function dumpWith(
  tables: readonly string[],
  query: (text: string) => Promise<readonly unknown[]>,
): Promise<Readonly<Record<string, string>>> {
  const all: Record<string, string> = {};
  for (const table of tables) all[table] = rowsText(await query(`select * from ${table}`));
  return all;
}

const sqlite: TestedDatabase = {
  kind: 'sqlite',
  chain: 'ledger',
  base: 0,
  open: (options) => openStore({ thread: false, ...options }),
  async tamper(dataDir, statements) {
    const connection = openConnection(join(dataDir, 'livestill.sqlite'), 1000);
    try {
      connection.script(statements.join(';'));
    } finally {
      connection.close();
    }
  },
  async dump(dataDir) {
    const connection = openConnection(join(dataDir, 'livestill.sqlite'), 1000);
    try {
      const query = (text: string) => connection.execute(text, []).rows;
      const named = query(`select name from sqlite_schema where type = 'table' and name not like 'sqlite_%'`);
      return await dumpWith(
        named.map(({ name }) => String(name)),
        async (text) => query(text),
      );
    } finally {
      connection.close();
    }
  },
};

let tested = sqlite;

/**
 * Runs the tests that this file registers from here on on another database; the next file's are back on
 * SQLite.
 */
export function testOn(database: TestedDatabase): void {
  tested = database;
  afterAll(() => {
    tested = sqlite;
  });
}

/** The chain that decisions go to. */
export const ownChain = (): ChainName => tested.chain;

/** The number of the row that is the `n`th of that chain. */
export const nth = (n: number): number => tested.base + n;

/** The statement for the database under test, where it has to be said differently. */
export const inSql = (statements: Readonly<Record<TestedDatabase['kind'], string>>): string =>
  statements[tested.kind];

/** A test of what only SQLite has, left out where others are tested. */
export const itOnSqlite = (): typeof it => itWhere(tested.kind === 'sqlite', 'is about the SQLite file');

/** A store in this thread, in a folder of its own unless one is given; closed when the test is over. */
export async function temporaryStore(options: Partial<StoreOptions> = {}): Promise<Store> {
  const dataDir = options.dataDir ?? (await temporaryFolder());
  const store = await tested.open({ ...options, dataDir });
  onTestFinished(() => store.close());
  return store;
}

/** Runs SQL behind the back of the store of a data folder. */
export const tamper = (dataDir: string, ...statements: readonly string[]): Promise<void> =>
  tested.tamper(dataDir, statements);

/** All that the store of a data folder holds, by table. */
export const dump = (dataDir: string): Promise<Readonly<Record<string, string>>> => tested.dump(dataDir);

/** A pair with a key of the right form. */
export const somePair = (secretId = 'AKIDsomebody0001') => ({ secretId, secretKey: 'k'.repeat(32) });

/** Why a picture was decided as it was, not backed by the networks; what matters to a test is given. */
export const someExplanation = (parts: Partial<Explanation> = {}): Explanation => ({
  api: 'v1',
  http: 200,
  version: '1.0.0',
  profile: 'careful',
  threshold: 87,
  policy: null,
  liveProbability: 0.6,
  review: true,
  faceCount: 1,
  quality: [],
  measured: null,
  cards: {},
  reference: null,
  ...parts,
});

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
