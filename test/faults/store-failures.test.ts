import { rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { NetworkNamespace, whyNoNetwork } from '../../src/store/postgres/test-support/network.ts';
import { serverOfTests, TestServer, whyNoServer } from '../../src/store/postgres/test-support/server.ts';
import { TestRedis, whyNoRedis } from '../../src/store/redis/test-support/server.ts';
import { withFolder } from '../contract/support/process.ts';
import { describeWhere, itWhere } from '../support/only-where.ts';
import { fill, smallDisk, whyNoSmallDisk } from './support/small-disk.ts';
import {
  type Called,
  isJudged,
  JUDGED,
  MovingName,
  type StoreFleet,
  startCallers,
  startFleet,
  troubleOf,
} from './support/store-fleet.ts';

/*
 * Two services on one PostgreSQL database, called by both APIs without a pause, while the database, the network or a service
 * fails. What callers get, for how long, and that every answer has its row. LIVESTILL_TEST_FIGURES=1 prints what was measured.
 */

/** What callers may be answered while the store fails: a judgement, or that it does not answer. */
const allowed = new Set([...JUDGED.map(String), '107', '108', 'store_unavailable']);

const figures: Record<string, unknown>[] = [];
afterAll(() => {
  if (process.env.LIVESTILL_TEST_FIGURES !== undefined) console.table(figures);
});

/** One kind of failure: what happens, and what ends it. */
interface Failure {
  readonly name: string;
  begin(fleet: StoreFleet): Promise<void> | void;
  end(fleet: StoreFleet): Promise<void> | void;
  /** How long it lasts, in ms. */
  readonly lastsMs: number;
  /** The longest that a caller may wait on a machine that has nothing else to do, in ms. */
  readonly withinMs: number;
  /** Calls are refused: it lasts until one was. */
  readonly refuses?: true;
  /** Answers that callers may get besides: no connection, where a node is gone. */
  readonly besides?: readonly string[];
}

/** Calls the nodes before, during and after a failure; the calls, and how many of those during it were refused. */
async function suffer(
  fleet: StoreFleet,
  failure: Failure,
): Promise<{ calls: readonly Called[]; refused: number }> {
  const callers = startCallers(fleet);
  await callers.judged(40);
  const from = performance.now();
  await failure.begin(fleet);
  await sleep(failure.lastsMs);
  const isRefused = (call: Called) => call.at >= from && !isJudged(call);
  while (failure.refuses && !callers.calls.some(isRefused)) await sleep(20);
  await failure.end(fleet);
  const to = performance.now();
  await callers.judged(40);
  const calls = await callers.stop();
  const { answers, longestMs, usualMs, backAfterMs } = troubleOf(calls, from, to);
  const rows = await fleet.rows();
  const judged = calls.filter(isJudged);
  const missing = judged.filter(({ requestId }) => !rows.has(requestId)).length;
  figures.push({
    failure: failure.name,
    ...answers,
    longestMs,
    usualMs,
    backAfterMs,
    judged: judged.length,
    missing,
  });
  expect(missing).toBe(0);
  expect(await fleet.verify()).toMatchObject({ status: 0 });
  const others = new Set([...allowed, ...(failure.besides ?? [])]);
  expect(Object.keys(answers).filter((answer) => !others.has(answer))).toEqual([]);
  expect(longestMs).toBeLessThan(failure.withinMs + 4 * usualMs);
  const refused = Object.entries(answers).filter(([answer]) => !JUDGED.map(String).includes(answer));
  return { calls, refused: refused.reduce((sum, [, count]) => sum + count, 0) };
}

/** As `suffer`, for two nodes of its own on this database. */
async function sufferAlone(store: string, failure: Failure) {
  return withFolder(async (folder) => {
    const fleet = await startFleet(folder, store, 2);
    try {
      return await suffer(fleet, failure);
    } finally {
      await fleet.stop();
    }
  });
}

async function server(options: Parameters<typeof TestServer.start>[0] = {}): Promise<TestServer> {
  const started = await TestServer.start(options);
  onTestFinished(() => started.remove());
  return started;
}

describeWhere(whyNoServer === null, whyNoServer ?? '')(
  'two nodes on PostgreSQL, on a network that can be cut',
  () => {
    const network = whyNoNetwork === null ? new NetworkNamespace() : undefined;
    const of = serverOfTests(network === undefined ? {} : { network });
    let folder = '';
    let fleet: StoreFleet;
    let redis: TestRedis | undefined;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'livestill-test-'));
      if (whyNoRedis === null)
        redis = await TestRedis.start('--appendonly', 'yes', '--appendfsync', 'always');
      const more: Record<string, string> =
        redis === undefined ? {} : { LIVESTILL_REDIS_URL: redis.url, LIVESTILL_REDIS_TIMEOUT_MS: '500' };
      fleet = await startFleet(folder, await of.server.newDatabase(), 2, more);
    });
    afterAll(async () => {
      await fleet?.stop();
      await redis?.remove();
      await rm(folder, { recursive: true, force: true });
      network?.remove();
    });

    it('the server is stopped and started: calls are refused at once, then all goes on', async () => {
      const { refused } = await suffer(fleet, {
        name: 'stopped',
        begin: () => of.server.down(),
        end: () => of.server.up(),
        lastsMs: 1000,
        refuses: true,
        withinMs: 8000,
      });
      expect(refused).toBeGreaterThan(0);
    });

    it('the server is paused: calls are refused when their time is up, then all goes on', async () => {
      const { refused } = await suffer(fleet, {
        name: 'paused (SIGSTOP)',
        begin: () => of.server.signal('SIGSTOP'),
        end: () => of.server.signal('SIGCONT'),
        lastsMs: 3000,
        refuses: true,
        withinMs: 15_000,
      });
      expect(refused).toBeGreaterThan(0);
    });

    itWhere(network !== undefined, whyNoNetwork ?? '')(
      'the network to the server is cut: calls are refused when their time is up, then all goes on',
      async () => {
        const { refused } = await suffer(fleet, {
          name: 'network cut',
          begin: () => network?.cut(),
          end: () => network?.mend(),
          lastsMs: 3000,
          refuses: true,
          withinMs: 15_000,
        });
        expect(refused).toBeGreaterThan(0);
      },
    );

    itWhere(whyNoRedis === null, whyNoRedis ?? '')(
      'Redis is stopped, or paused: calls that need it are refused in their time, then all goes on',
      async () => {
        const stopped = await suffer(fleet, {
          name: 'Redis stopped',
          begin: () => redis?.down('SIGKILL'),
          end: () => redis?.up(),
          lastsMs: 500,
          refuses: true,
          withinMs: 8000,
        });
        const paused = await suffer(fleet, {
          name: 'Redis paused (SIGSTOP)',
          begin: () => redis?.signal('SIGSTOP'),
          end: () => redis?.signal('SIGCONT'),
          lastsMs: 1000,
          refuses: true,
          withinMs: 8000,
        });
        for (const { calls, refused } of [stopped, paused]) {
          expect(refused).toBeGreaterThan(0);
          // API keys and apps without limits need nothing of Redis.
          expect(calls.filter((one) => one.api === 'v1' && !isJudged(one))).toEqual([]);
        }
      },
    );

    it('a node is killed under load: the other one goes on, and every answer has its row', async () => {
      const { calls } = await suffer(fleet, {
        name: 'node killed (SIGKILL)',
        async begin({ nodes }) {
          nodes[1]?.child.kill('SIGKILL');
          await nodes[1]?.ended;
        },
        end: ({ restart }) => restart(1),
        lastsMs: 500,
        withinMs: 8000,
        besides: ['null'],
      });
      expect(calls.filter(({ node, answer }) => node === 0 && answer === null)).toEqual([]);
    });
  },
);

describeWhere(whyNoServer === null, whyNoServer ?? '')(
  'two nodes on a PostgreSQL server of their own',
  () => {
    it('that crashes, and a streaming copy takes its place: no answered row is lost', async () => {
      const primary = await server({ settings: { wal_level: 'replica', max_wal_senders: 5 } });
      const url = await primary.newDatabase();
      const standby = await server({ primary });
      // Every commit waits until the copy has it too.
      for (const sql of ["alter system set synchronous_standby_names = '*'", 'select pg_reload_conf()']) {
        await primary.query('postgres', sql);
      }
      await expect
        .poll(() => primary.query('postgres', 'select sync_state from pg_stat_replication'))
        .toEqual([{ sync_state: 'sync' }]);
      const name = await MovingName.start(primary.port);
      onTestFinished(() => name.close());
      await sufferAlone(url.replace(`:${primary.port}/`, `:${name.port}/`), {
        name: 'failed over to a standby',
        begin: () => primary.down('SIGQUIT'),
        async end() {
          await standby.promote();
          name.moveTo(standby.port);
        },
        lastsMs: 500,
        withinMs: 10_000,
      });
    });

    itWhere(whyNoSmallDisk === null, whyNoSmallDisk ?? '')(
      'whose disk is full: calls are refused, nothing is half written, then all goes on',
      async () => {
        const parent = smallDisk(96);
        const postgres = await server({ parent, settings: { min_wal_size: '2MB', max_wal_size: '4MB' } });
        const filler = join(parent, 'filler');
        const { refused } = await sufferAlone(await postgres.newDatabase(), {
          name: 'disk full',
          begin: () => fill(filler),
          async end() {
            rmSync(filler);
            // Without a place for its log the server ends itself, as it should; whoever keeps it running starts it again.
            await postgres.down('SIGQUIT');
            await postgres.up();
          },
          lastsMs: 3000,
          refuses: true,
          withinMs: 15_000,
        });
        expect(refused).toBeGreaterThan(0);
      },
    );
  },
);
