/** Cost against the rows of the ledger: real rows in a real store, each size a store of its own, sizes taking turns. */
import { rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { previewPolicy } from '../../dist/policy/preview.js';
import { openStore } from '../../dist/store/open.js';
import { median } from '../support.mjs';
import { least } from './fit.mjs';
import { emptyLedger, fillLedger, rowApps, rowEveryMs, someRequestIds, someRow } from './ledger-rows.mjs';
import { startService } from './processes.mjs';
import { copyStore, scratchFolder, settle } from './stores.mjs';

/** Rows of the window that is counted and previewed, and rows that one retention deletes. */
const windowRows = 10_000;
/** Bytes on disk a row takes, copies and log included, at most. */
const bytesARow = 700;

const rules = { severalFaces: 'largest', minFaceWidth: null, rejectOn: null, poorQuality: 'verdict' };

async function cost(times, work) {
  const before = process.cpuUsage();
  const begin = performance.now();
  for (let i = 0; i < times; i++) await work(i);
  const { user, system } = process.cpuUsage(before);
  return { cpu: (user + system) / 1000 / times, ms: (performance.now() - begin) / times };
}

async function roomFor(rows) {
  const { bavail, bsize } = await statfs(tmpdir());
  return rows * bytesARow < bavail * bsize;
}

async function makeStores(folder, sizes, begin, say) {
  const master = join(folder, 'all');
  await emptyLedger(master);
  const stores = [];
  let made = 0;
  for (const [i, size] of sizes.entries()) {
    await fillLedger(master, begin, made, size, (rows) => say(`ledger: ${rows} rows made`));
    made = size;
    const isLast = i === sizes.length - 1;
    const data = isLast ? master : join(folder, String(size));
    const bytes = await settle(master);
    if (!isLast) await copyStore(master, data);
    stores.push({ size, data, bytes, requestIds: someRequestIds(data, 200), costs: {} });
  }
  return stores;
}

/** What is measured of one store; every call is the store's own. */
function measurements({ size, requestIds }, begin) {
  const at = (row) => new Date(begin + row * rowEveryMs);
  const window = { since: at(size - windowRows + 1), until: at(size + 1) };
  const current = { threshold: 87, capture: 'lenient', review: null, rules };
  const several = size === 0 ? [] : ['byRequest', 'newestOfApp'];
  const windows = size < windowRows ? [] : ['count', 'preview'];
  const all = {
    // As many at once as a busy service has: they share transactions.
    append: async ({ ledger }) => {
      const { cpu, ms } = await cost(4, () =>
        Promise.all(Array.from({ length: 64 }, (_, i) => ledger.append(someRow(i)))),
      );
      return { cpu: cpu / 64, ms: ms / 64 };
    },
    newest: ({ ledger }) => cost(20, () => ledger.latest({}, 50)),
    byRequest: ({ ledger }) =>
      cost(100, async (i) => {
        const rows = await ledger.latest({ requestId: requestIds[i] }, 1);
        if (rows.length !== 1) throw new Error(`the row of ${requestIds[i]} was not found`);
      }),
    newestOfApp: ({ ledger }) =>
      cost(20, (i) => ledger.latest({ appid: String(1_000_000 + (i % rowApps)) }, 50)),
    count: ({ ledger }) =>
      cost(5, async () => {
        const rows = await ledger.count(window);
        if (rows !== windowRows) throw new Error(`expected ${windowRows} rows, found ${rows}`);
      }),
    preview: ({ ledger }) =>
      cost(1, async () => {
        const found = await previewPolicy(ledger.read(window), current, { ...current, threshold: 95 });
        if (found.rows !== windowRows) throw new Error(`expected ${windowRows} rows, found ${found.rows}`);
      }),
  };
  const wanted = ['append', 'newest', ...several, ...windows];
  return wanted.map((name) => [name, all[name]]);
}

export async function ledger({ small, say }) {
  const wanted = small ? [0, 10_000, 100_000] : [0, 10_000, 100_000, 1_000_000, 10_000_000];
  const sizes = [];
  for (const size of wanted) if (await roomFor(size)) sizes.push(size);
  const rounds = small ? 3 : 7;
  const begin = Date.now() - sizes.at(-1) * rowEveryMs - 3_600_000;
  const folder = await scratchFolder('ledger');
  try {
    const stores = await makeStores(folder, sizes, begin, say);
    const note = (one, name, { cpu, ms }) => {
      one.costs[name] ??= { cpu: [], ms: [] };
      one.costs[name].cpu.push(cpu);
      one.costs[name].ms.push(ms);
    };
    for (const one of stores) one.store = await openStore({ dataDir: one.data, thread: false });
    for (let round = -1; round < rounds; round++) {
      say(`ledger: round ${round + 2} of ${rounds + 1}`);
      for (const one of stores) {
        for (const [name, measure] of measurements(one, begin)) {
          const found = await measure(one.store);
          if (round >= 0) note(one, name, found);
        }
      }
    }
    for (const one of stores) await one.store.close();
    for (let round = 0; round < (small ? 1 : 3); round++) {
      say(`ledger: start-up, round ${round + 1}`);
      for (const one of stores) {
        note(
          one,
          'open',
          await cost(1, async () => (await openStore({ dataDir: one.data, thread: false })).close()),
        );
        const service = await startService(one.data);
        note(one, 'start', { cpu: service.readyCpuMs, ms: service.readyMs });
        await service.stop();
      }
    }
    say(`ledger: deleting ${windowRows} rows`);
    for (let round = 0; round < 3; round++) {
      for (const one of stores) {
        // Not where next to nothing would be left: whole pages go then, which is another, cheaper thing.
        if (one.size < 10 * windowRows) continue;
        const store = await openStore({ dataDir: one.data, thread: false });
        const before = new Date(begin + windowRows * (round + 1) * rowEveryMs + 1);
        const found = await cost(1, async () => {
          const rows = await store.ledger.prune(before);
          if (rows !== windowRows) throw new Error(`expected ${windowRows} rows to go, ${rows} went`);
        });
        note(one, 'prune', found);
        await store.close();
      }
    }
    return report(
      stores,
      wanted.filter((size) => !sizes.includes(size)),
      rounds,
    );
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function report(stores, leftOut, rounds) {
  const points = (name, kind = 'cpu') =>
    stores.filter(({ costs }) => costs[name]).map((one) => [one.size, median(one.costs[name][kind])]);
  const cell = (name, kind, digits) => (one) =>
    one.costs[name] ? (kind === 'ms' ? least : median)(one.costs[name][kind]).toFixed(digits) : '-';
  const columns = [
    ['rows', (one) => String(one.size)],
    ['one more row, ms', cell('append', 'cpu', 3)],
    ['by the clock', cell('append', 'ms', 3)],
    ['by request id, ms', cell('byRequest', 'cpu', 3)],
    ['newest 50, ms', cell('newest', 'cpu', 2)],
    ['newest 50 of one app, ms', cell('newestOfApp', 'cpu', 2)],
    ['count of 10 000, ms', cell('count', 'cpu', 2)],
    ['preview of 10 000, ms', cell('preview', 'cpu', 0)],
    ['delete 10 000, ms', cell('prune', 'cpu', 0)],
    ['by the clock', cell('prune', 'ms', 0)],
    ['open, ms', cell('open', 'cpu', 1)],
    ['service start, ms', cell('start', 'cpu', 0)],
    ['by the clock', cell('start', 'ms', 0)],
    ['file MB', (one) => (one.bytes / 1e6).toFixed(1)],
  ];
  const empty = stores[0].bytes;
  const notes = [
    `Processor ms, the median of ${rounds} rounds; by the clock the least, ready to serve included; ${rowApps} apps, sync "full". One more row: 64 at once, four times.`,
  ];
  if (leftOut.length > 0) notes.push(`Left out for want of disk: ${leftOut.join(', ')} rows.`);
  return {
    name: 'ledger',
    title: 'Cost against the rows of the ledger',
    axis: 'rows in the ledger',
    rows: [columns.map(([title]) => title), ...stores.map((one) => columns.map(([, text]) => text(one)))],
    notes,
    series: [
      { name: 'one more row', unit: 'processor ms', work: 0, points: points('append') },
      { name: 'a row by request id', unit: 'processor ms', work: 0, points: points('byRequest') },
      { name: 'the newest 50', unit: 'processor ms', work: 0, points: points('newest') },
      { name: 'the newest 50 of one app', unit: 'processor ms', work: 0, points: points('newestOfApp') },
      { name: 'count of 10 000 of them', unit: 'processor ms', work: 0, points: points('count') },
      { name: 'preview over 10 000 of them', unit: 'processor ms', work: 0, points: points('preview') },
      { name: 'retention of 10 000', unit: 'processor ms', work: 0, points: points('prune') },
      { name: 'opening the store', unit: 'processor ms', work: 0, points: points('open') },
      { name: 'start-up of the service', unit: 'processor ms', work: 0, points: points('start') },
      {
        name: 'file',
        unit: 'MB beyond the empty one',
        work: 1,
        points: stores.slice(1).map((one) => [one.size, (one.bytes - empty) / 1e6]),
      },
    ],
  };
}
