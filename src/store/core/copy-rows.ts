import { createHash, type Hash } from 'node:crypto';
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { UsageError } from '../../faults.ts';
import type { Tables } from './tables.ts';

/** A table that is copied, and the columns that its rows are known by and read in the order of. */
export interface CopiedTable {
  readonly name: keyof Tables;
  readonly key: readonly string[];
  /** Rows that are read and written at once, where they are large. */
  readonly page?: number;
}

/**
 * In an order in which every row finds those it points to. What the database itself makes of other rows is
 * not among them, nor are sign-ins to the console that are under way: users sign in anew.
 */
export const COPIED_TABLES: readonly CopiedTable[] = [
  { name: 'meta', key: ['key'] },
  { name: 'app', key: ['appid'] },
  { name: 'secret', key: ['secret_id'] },
  { name: 'api_key', key: ['key_id'] },
  { name: 'app_rules', key: ['appid'] },
  { name: 'console_user', key: ['id'] },
  { name: 'console_passkey', key: ['id'] },
  { name: 'admin_key', key: ['key_id'] },
  { name: 'model_set', key: ['id'] },
  { name: 'policy_version', key: ['id'] },
  { name: 'ledger', key: ['id'] },
  { name: 'review_mark', key: ['row_id'] },
  { name: 'admin_log', key: ['id'] },
  { name: 'chain_head', key: ['chain'] },
  { name: 'chain_checkpoint', key: ['chain', 'row_id'] },
  { name: 'chain_tombstone', key: ['chain', 'from_id'] },
  { name: 'audit_key', key: ['key_id'] },
  { name: 'used_signature', key: ['digest'] },
  { name: 'usage_day', key: ['appid', 'day'] },
  { name: 'score_day', key: ['appid', 'day'] },
  { name: 'idempotency', key: ['appid', 'key'] },
  { name: 'session', key: ['session_id'] },
  { name: 'webhook', key: ['id'] },
];

/** Batches, which databases of several nodes have: copied where both are such. */
export const BATCH_TABLES: readonly CopiedTable[] = [
  { name: 'batch', key: ['batch_id'] },
  { name: 'batch_chunk', key: ['batch_id', 'chunk'], page: 20 },
  { name: 'batch_result', key: ['batch_id', 'row_number'] },
];

/** How many rows are read and written at once. */
const PAGE_SIZE = 500;

type Row = Readonly<Record<string, unknown>>;

/** Members of `meta` that are about one database alone. */
const ownMembers = sql`key not like 'open:%' and key not in ('opened_without_log', 'checked_at', 'restored', 'needed_step', 'copying')`;

async function* pagesOf(
  db: Kysely<Tables>,
  { name, key, page = PAGE_SIZE }: CopiedTable,
): AsyncGenerator<readonly Row[]> {
  const columns = sql.join(key.map((column) => sql.ref(column)));
  for (let last: Row | null = null; ; ) {
    const parts: readonly RawBuilder<unknown>[] = [
      ...(name === 'meta' ? [ownMembers] : []),
      ...(last === null ? [] : [sql`(${columns}) > (${sql.join(key.map((column) => last?.[column]))})`]),
    ];
    const where: RawBuilder<unknown> = parts.length === 0 ? sql`` : sql`where ${sql.join(parts, sql` and `)}`;
    const { rows } =
      await sql<Row>`select * from ${sql.table(name)} ${where} order by ${columns} limit ${page}`.execute(db);
    if (rows.length > 0) yield rows;
    last = rows.at(-1) ?? null;
    if (rows.length < page || last === null) return;
  }
}

/** Copies the rows that the target lacks; how many were read. */
export async function copyRows(
  from: Kysely<Tables>,
  to: Kysely<Tables>,
  table: CopiedTable,
): Promise<number> {
  let read = 0;
  for await (const rows of pagesOf(from, table)) {
    read += rows.length;
    const values = rows.map((row) =>
      Object.fromEntries(Object.entries(row).map(([name, value]) => [name, plain(value)])),
    );
    await to.transaction().execute((db) =>
      (db as unknown as Kysely<Record<string, Row>>)
        .insertInto(table.name)
        .values(values)
        .onConflict((conflict) => conflict.doNothing())
        .execute(),
    );
  }
  return read;
}

/** Blobs as both libraries take them. */
function plain(value: unknown): unknown {
  return value instanceof ArrayBuffer ? Buffer.from(value) : value;
}

/** How many rows a table has, and the SHA-256 over all of them, in hex. */
export interface Content {
  readonly rows: number;
  readonly sha256: string;
}

/** The content of a table, the same whatever database it lies in. */
export async function contentOf(db: Kysely<Tables>, table: CopiedTable): Promise<Content> {
  const hash = createHash('sha256');
  let count = 0;
  for await (const rows of pagesOf(db, table)) {
    for (const row of rows) addRow(hash, row);
    count += rows.length;
  }
  return { rows: count, sha256: hash.digest('hex') };
}

function addRow(hash: Hash, row: Row): void {
  const members = Object.entries(row)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, value]) => {
      const known = plain(value);
      return [name, Buffer.isBuffer(known) ? known.toString('hex') : known];
    });
  hash.update(`${JSON.stringify(members)}\n`);
}

/**
 * Compares a table in two databases.
 * @throws {UsageError} `copy_differs`
 */
export async function compareRows(
  from: Kysely<Tables>,
  to: Kysely<Tables>,
  table: CopiedTable,
): Promise<Content> {
  const [source, target] = [await contentOf(from, table), await contentOf(to, table)];
  if (source.rows === target.rows && source.sha256 === target.sha256) return source;
  throw new UsageError(
    'copy_differs',
    `the table ${table.name} differs: ${source.rows} rows with SHA-256 ${source.sha256} here, ${target.rows} with ${target.sha256} there. ` +
      'Was something written meanwhile? Stop every service on both, and copy again, into an empty store where the target was used',
  );
}
