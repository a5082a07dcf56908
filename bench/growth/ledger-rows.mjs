/** Very many rows in a real ledger: the store makes the tables and the first row, SQL makes the rest in the store's own tables and indexes. */
import { join } from 'node:path';
import { setImmediate as immediately } from 'node:timers/promises';
import { openStore } from '../../dist/store/open.js';
import { openConnection } from '../../dist/store/sqlite/connection.js';

/** Time between two rows, in ms, and the apps they are spread over. */
export const rowEveryMs = 100;
export const rowApps = 100;
const inOneTransaction = 250_000;

/** A row as the service writes it; `i` tells rows apart. */
export function someRow(i) {
  return {
    at: new Date(),
    requestId: crypto.randomUUID(),
    appid: String(1_000_000 + (i % rowApps)),
    secretId: 'AKID000000000001',
    source: 'bytes',
    pictureBytes: 204_800,
    pictureSha256: 'ab'.repeat(32),
    code: 0,
    verdict: 'live',
    score: 93,
    rawScore: 93.25,
    reasons: ['BLURRED'],
    models: { one: 'cd'.repeat(32), two: 'ef'.repeat(32), three: '01'.repeat(32) },
    milliseconds: 187.5,
    callerAddress: '192.0.2.7',
    kind: 'judged',
    requests: 1,
    explanation: null,
  };
}

// Ids are made up as UUIDs of version 4 are: without any order, so that their index is as scattered as a real one.
const insertOf = ({
  verdict,
  score,
  more = [],
}) => `with recursive n (i) as (select ? union all select i + 1 from n where i < ?)
insert into ledger (at, request_id, appid, secret_id, source, picture_bytes, picture_sha256, code, verdict, score, raw_score, reasons,
  model_set_id, milliseconds, caller_address${more.map(([name]) => `, ${name}`).join('')})
select ? + i * ${rowEveryMs},
  substr(h, 1, 8) || '-' || substr(h, 9, 4) || '-4' || substr(h, 13, 3) || '-a' || substr(h, 16, 3) || '-' || substr(h, 19, 12),
  cast(1000000 + abs(random()) % ${rowApps} as text), 'AKID000000000001', 'bytes', 204800, lower(hex(randomblob(32))),
  0, ${verdict}, ${score}, ${score}, '["BLURRED"]',
  (select min(id) from model_set), 187.5, '192.0.2.7'${more.map(([, value]) => `, ${value}`).join('')}
from (select i, lower(hex(randomblob(16))) as h, abs(random()) % 10000 as r from n)`;

/** Rows that are all alike. */
const plain = insertOf({ verdict: "case when i % 20 = 0 then 'attack' else 'live' end", score: '93.25' });

/** Rows with scores all over the scale, one in fifty of them for review. */
export const SCORED = {
  verdict: "case when r <= 8700 then 'attack' else 'live' end",
  score: 'r / 100.0',
  more: [
    ['kind', "'judged'"],
    ['requests', '1'],
    ['threshold', '87'],
    ['profile', "'careful'"],
    ['live_probability', 'r / 10000.0'],
    ['review', 'case when i % 50 = 0 then 1 else 0 end'],
  ],
};
export const scored = insertOf(SCORED);

/** Makes the empty store with its one set of models. */
export async function emptyLedger(dataDir) {
  const store = await openStore({ dataDir, thread: false });
  await store.ledger.append(someRow(0));
  await store.ledger.prune(new Date(Date.now() + 1000));
  await store.close();
}

/** Adds the rows `from` + 1 to `to`, row i at `begin` + i * `rowEveryMs`. */
export async function fillLedger(dataDir, begin, from, to, onProgress, insert = plain) {
  const connection = openConnection(join(dataDir, 'livestill.sqlite'), 1000);
  // A power cut may cost a bench its rows.
  connection.script('PRAGMA synchronous=OFF; PRAGMA cache_size=-2000000; PRAGMA wal_autocheckpoint=20000');
  for (let i = from; i < to; ) {
    const next = Math.min(to, i + inOneTransaction);
    connection.begin();
    connection.execute(insert, [i + 1, next, begin]);
    connection.commit();
    i = next;
    onProgress(i);
    // So that the bench can be interrupted.
    await immediately();
  }
  connection.close();
}

/** Ids of requests by chance. */
export function someRequestIds(dataDir, count) {
  const connection = openConnection(join(dataDir, 'livestill.sqlite'), 1000);
  const [{ low, high }] = connection.execute('select min(id) as low, max(id) as high from ledger', []).rows;
  const ids = [];
  for (let i = 0; low !== null && i < count; i++) {
    const id = low + Math.floor(Math.random() * (high - low + 1));
    const [row] = connection.execute('select request_id from ledger where id >= ? order by id limit 1', [
      id,
    ]).rows;
    ids.push(row.request_id);
  }
  connection.close();
  return ids;
}
