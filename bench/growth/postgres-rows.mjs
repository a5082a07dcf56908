/** As `ledger-rows.mjs`, in a PostgreSQL database. */
import pg from 'pg';
import { openStore } from '../../dist/store/open.js';
import { rowApps, rowEveryMs, someRow } from './ledger-rows.mjs';

const inOneTransaction = 500_000;

/** The options of a store in this database. */
export const postgresStore = (dataDir, url) => ({
  dataDir,
  postgres: {
    url,
    password: null,
    caFile: null,
    poolSize: 10,
    connectTimeoutMs: 3000,
    statementTimeoutMs: 60_000,
    migrateAtStart: true,
  },
});

async function connected(url, work) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

const insert = `insert into ledger (id, at, request_id, appid, secret_id, source, picture_bytes, picture_sha256, code, verdict, score,
  raw_score, reasons, model_set_id, milliseconds, caller_address)
select $4 + i, $3 + i * ${rowEveryMs}, gen_random_uuid()::text, (1000000 + floor(random() * ${rowApps}))::text, 'AKID000000000001', 'bytes', 204800,
  md5(random()::text) || md5(random()::text), 0, case when i % 20 = 0 then 'attack' else 'live' end, 93, 93.25, '["BLURRED"]',
  (select min(id) from model_set), 187.5, '192.0.2.7'
from generate_series($1::bigint, $2::bigint) as i`;

/** Makes the empty store with its one set of models. */
export async function emptyPostgres(dataDir, url) {
  const store = await openStore(postgresStore(dataDir, url));
  await store.ledger.append(someRow(0));
  await store.ledger.prune(new Date(Date.now() + 1000));
  await store.close();
}

/** Adds the rows `from` + 1 to `to`, row i at `begin` + i * `rowEveryMs`; the indexes are made anew behind them. */
export function fillPostgres(url, begin, from, to, onProgress) {
  return connected(url, async (client) => {
    const { rows: indexes } = await client.query(
      `select indexname, indexdef from pg_indexes where tablename = 'ledger' and indexname <> 'ledger_pkey'`,
    );
    await client.query("set synchronous_commit = off; set maintenance_work_mem = '1GB'");
    for (const { indexname } of indexes) await client.query(`drop index ${indexname}`);
    const { rows } = await client.query('select coalesce(max(id), 0) as last from ledger');
    const first = Number(rows[0].last) - from;
    for (let i = from; i < to; ) {
      const next = Math.min(to, i + inOneTransaction);
      await client.query(insert, [i + 1, next, begin, first]);
      i = next;
      onProgress(i);
    }
    for (const { indexdef } of indexes) await client.query(indexdef);
    await client.query('vacuum analyze ledger');
  });
}

/** Ids of requests by chance. */
export function someRequestIdsOf(url, count) {
  return connected(url, async (client) => {
    const { rows } = await client.query('select min(id) as low, max(id) as high from ledger');
    const [low, high] = [Number(rows[0].low), Number(rows[0].high)];
    const ids = [];
    for (let i = 0; i < count; i++) {
      const id = low + Math.floor(Math.random() * (high - low + 1));
      const found = await client.query('select request_id from ledger where id >= $1 order by id limit 1', [
        id,
      ]);
      ids.push(found.rows[0].request_id);
    }
    return ids;
  });
}
