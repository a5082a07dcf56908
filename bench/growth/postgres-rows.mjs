/** As `ledger-rows.mjs`, in a PostgreSQL database. */
import pg from 'pg';
import { openStore } from '../../dist/store/open.js';
import { rowApps, rowEveryMs, SCORED, someRow } from './ledger-rows.mjs';

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

const insertOf = ({
  verdict,
  score,
  more = [],
}) => `insert into ledger (id, at, request_id, appid, secret_id, source, picture_bytes, picture_sha256, code, verdict, score,
  raw_score, reasons, model_set_id, milliseconds, caller_address${more.map(([name]) => `, ${name}`).join('')})
select $4 + i, $3 + i * ${rowEveryMs}, gen_random_uuid()::text, (1000000 + floor(random() * ${rowApps}))::text, 'AKID000000000001', 'bytes', 204800,
  md5(random()::text) || md5(random()::text), 0, ${verdict}, ${score}, ${score}, '["BLURRED"]',
  (select min(id) from model_set), 187.5, '192.0.2.7'${more.map(([, value]) => `, ${value}`).join('')}
from (select i, floor(random() * 10000) as r from generate_series($1::bigint, $2::bigint) as i) as made`;

/** Rows that are all alike. */
const plain = insertOf({ verdict: "case when i % 20 = 0 then 'attack' else 'live' end", score: '93.25' });

/** Rows with scores all over the scale, one in fifty of them for review. */
export const scored = insertOf(SCORED);

/** Makes the empty store with its one set of models. */
export async function emptyPostgres(dataDir, url) {
  const store = await openStore(postgresStore(dataDir, url));
  await store.ledger.append(someRow(0));
  await store.ledger.prune(new Date(Date.now() + 1000));
  await store.close();
}

/** Adds the rows `from` + 1 to `to`, row i at `begin` + i * `rowEveryMs`; the indexes are made anew behind them. */
export function fillPostgres(url, begin, from, to, onProgress, insert = plain) {
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

/** Marks all decisions for review but the oldest hundred, so that the open ones lie behind all of these. */
export function markMostOf(url) {
  return connected(url, async (client) => {
    await client.query(`insert into review_mark select id, at, appid, case when id % 10 = 0 then 'wrong' else 'right' end, '', 1, at, 'ada'
      from ledger where review = 1 and (at, id) > (select at, id from ledger where review = 1 order by at, id limit 1 offset 100)
      on conflict do nothing`);
    await client.query('vacuum analyze review_mark');
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
