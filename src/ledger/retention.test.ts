import { join } from 'node:path';
import Database from 'libsql';
import { describe, expect, it, onTestFinished } from 'vitest';
import { someSession } from '../session/test-support/some-session.ts';
import { lettingGo } from '../store/core/upkeep.ts';
import type { Store } from '../store/open.ts';
import {
  someExplanation,
  someRow,
  temporaryFolder,
  temporaryStore,
} from '../store/test-support/temp-store.ts';
import { type RetentionParts, startRetention } from './retention.ts';
import { SCORE_BINS } from './score-drift.ts';
import type { RecordClock } from './types.ts';

const day = 86_400_000;
const hour = 3_600_000;
const now = Date.parse('2026-11-23T00:00:00Z');

/** Rounds one by one, by a clock that the test sets; `run` resolves with what was deleted and reported of the clock. */
function rounds(store: Pick<Store, 'ledger' | 'upkeep'>, days: number | null, time = { wall: now, even: 0 }) {
  async function run() {
    const told: { pruned: number; others: number; clock: RecordClock | null; seen: string | null } = {
      pruned: 0,
      others: 0,
      clock: null,
      seen: null,
    };
    const parts: RetentionParts = {
      ledger: store.ledger,
      upkeep: store.upkeep,
      days,
      clock: () => time.wall,
      evenClock: () => time.even,
      everyMs: 1e9,
      onPruned: (rows, others) => Object.assign(told, { pruned: rows, others }),
      onClock: (clock, seen) => Object.assign(told, { clock, seen }),
      onTrouble: (error) => expect.fail(String(error)),
    };
    const retention = startRetention(parts);
    await retention.stop();
    return told;
  }
  return { time, run };
}

async function appendAged(store: Store, ages: readonly number[]) {
  await Promise.all(
    ages.map((age) => store.ledger.append(someRow({ requestId: `${age}`, at: new Date(now - age * day) }))),
  );
}

describe('retention', () => {
  it('deletes what is over age at once', async () => {
    const store = await temporaryStore();
    await appendAged(store, [31, 29, 0]);
    expect((await rounds(store, 30).run()).pruned).toBe(1);
    expect(await store.ledger.count({})).toBe(2);
    expect((await rounds(store, null).run()).pruned).toBe(0);
  });

  it('goes round again and again, reports trouble and tries again', async () => {
    const failures: unknown[] = [];
    let calls = 0;
    const store = await temporaryStore();
    const ledger = {
      async prune() {
        calls += 1;
        if (calls === 1) throw new Error('disk');
        return 0;
      },
    };
    const retention = startRetention({
      ledger,
      upkeep: store.upkeep,
      days: 1,
      clock: () => now,
      evenClock: () => 0,
      everyMs: 1,
      onPruned: () => {},
      onClock: () => {},
      onTrouble: (error: unknown) => failures.push(error),
    });
    while (calls < 3) await new Promise((resolve) => setTimeout(resolve, 1));
    await retention.stop();
    const after = calls;
    await new Promise((resolve) => setTimeout(resolve, 10));
    expect([failures.length, calls]).toEqual([1, after]);
  });
});

describe('a clock that jumps ahead', () => {
  it('deletes nothing in the round that sees it, then a day an hour, and nothing more once it is set right', async () => {
    const store = await temporaryStore();
    const ages = Array.from({ length: 60 }, (_, i) => i);
    await appendAged(store, ages);
    let even = 0;
    let wall = now;
    const seen: string[] = [];
    const retention = startRetention({
      ledger: store.ledger,
      upkeep: store.upkeep,
      days: 58,
      clock: () => wall,
      evenClock: () => even,
      everyMs: 1e9,
      onPruned: () => {},
      onClock: (_clock, what) => seen.push(what),
      onTrouble: (error) => expect.fail(String(error)),
    });
    onTestFinished(() => retention.stop());
    await retention.round();
    const step = async (forward: number) => {
      wall += forward;
      even += Math.abs(forward) === 1000 * day ? 0 : forward;
      await retention.round();
      return store.ledger.count({});
    };
    expect(await step(hour)).toBe(58);
    expect(await step(1000 * day)).toBe(58);
    expect([await step(hour), await step(hour)]).toEqual([57, 56]);
    expect(await step(-1000 * day)).toBe(56);
    for (let i = 0; i < 3; i++) expect(await step(hour)).toBe(56);
    await retention.stop();
    expect(seen).toContain('jumped');
    expect(seen).toContain('behind');
    expect(retention.seen).toEqual({ lagMs: 0, jumps: { forward: 1, back: 1 } });
  });

  it('between two runs of the service is a jump as well, and starting again and again does not hurry it', async () => {
    const store = await temporaryStore();
    await appendAged(store, [0, 10, 20, 29]);
    const service = rounds(store, 30);
    expect((await service.run()).seen).toBeNull();
    service.time.wall += 3650 * day;
    expect(await service.run()).toMatchObject({ pruned: 0, seen: 'jumped' });
    for (let i = 0; i < 20; i++) {
      service.time.wall += 1000;
      await service.run();
    }
    expect(await store.ledger.count({})).toBe(4);
    expect((await store.upkeep.lastClock())!.time).toBe(now + 20 * 24_000);
  });

  it('does not make a used signature usable once more, nor an answer forgotten', async () => {
    const store = await temporaryStore();
    const until = new Date(now + hour);
    await store.replay.remember('once', until);
    const scope = { appid: '1', key: 'k' };
    const begin = (at: number) =>
      store.idempotency.beginIdempotent(scope, 'f', new Date(at), new Date(at + 1e5));
    const begun = await begin(now);
    if (begun.kind !== 'begun') throw new Error('it must begin');
    const answer = { http: 200, contentType: 'a/b', body: '{}' };
    await store.idempotency.finishIdempotent(scope, begun.token, answer, new Date(now), new Date(now + day));
    const service = rounds(store, 1);
    await service.run();
    service.time.wall += 400 * day;
    await service.run();
    // The along-the-way sweep of another request, by the wrong clock.
    const other = { appid: '2', key: 'k' };
    await store.idempotency.beginIdempotent(
      other,
      'f',
      new Date(service.time.wall),
      new Date(service.time.wall + 1e5),
    );
    service.time.wall -= 400 * day;
    await service.run();
    expect((await begin(now + hour)).kind).toBe('answered');
    expect(await store.replay.remember('once', until)).toBe(false);
  });

  it('leaves no answer behind that is kept until that time comes', async () => {
    const dataDir = await temporaryFolder();
    const store = await temporaryStore({ dataDir });
    const scope = { appid: '1', key: 'k' };
    const ahead = now + 400 * day;
    const begun = await store.idempotency.beginIdempotent(scope, 'f', new Date(ahead), new Date(ahead + 1e5));
    if (begun.kind !== 'begun') throw new Error('it must begin');
    const answer = { http: 200, contentType: 'a/b', body: '{"faceBox":1}' };
    await store.idempotency.finishIdempotent(
      scope,
      begun.token,
      answer,
      new Date(ahead),
      new Date(ahead + day),
    );
    const service = rounds(store, null);
    await service.run();
    service.time.wall += day + hour;
    await service.run();
    const raw = new Database(join(dataDir, 'livestill.sqlite'));
    onTestFinished(() => void raw.close());
    expect(raw.prepare('select count(*) as n from idempotency').all()).toEqual([{ n: 0 }]);
  });
});

describe('every table', () => {
  it('with times in it is known to the sweep, and holds nothing of 400 days ago after a round', async () => {
    const dataDir = await temporaryFolder();
    const store = await temporaryStore({ dataDir });
    const raw = new Database(join(dataDir, 'livestill.sqlite'), { timeout: 1000 });
    onTestFinished(() => void raw.close());
    const tables = (
      raw.prepare("select name from sqlite_schema where type = 'table'").all() as { name: string }[]
    ).map(({ name }) => name);
    const timed = tables.filter((table) =>
      (raw.prepare(`pragma table_info(${table})`).all() as { name: string }[]).some(({ name }) =>
        /(^|_)(at|until|since|from|day|date|time|timestamp|expires?|ended?|created|updated)$/.test(name),
      ),
    );
    expect(timed.sort()).toEqual(Object.keys(lettingGo).sort());

    const old = now - 400 * day;
    const fill: Record<string, () => Promise<unknown>> = {
      ledger: () => store.ledger.append(someRow({ at: new Date(old) })),
      idempotency: async () => {
        const scope = { appid: '1', key: 'k' };
        const begun = await store.idempotency.beginIdempotent(scope, 'f', new Date(old), new Date(old + 1e5));
        if (begun.kind !== 'begun') throw new Error('it must begin');
        const answer = { http: 200, contentType: 'a/b', body: '{"faceBox":{"left":1},"keyPoints":[]}' };
        await store.idempotency.finishIdempotent(
          scope,
          begun.token,
          answer,
          new Date(old),
          new Date(old + day),
        );
        await store.idempotency.beginIdempotent(
          { appid: '1', key: 'held' },
          'f',
          new Date(old),
          new Date(old + 1e5),
        );
      },
      used_signature: () => store.replay.remember('aa', new Date(old)),
      console_session: async () => {
        await store.console.addUser({ id: 'u', name: 'ann', role: 'viewer', password: null });
        await store.console.openSession({
          id: 's',
          userId: 'u',
          digest: 'd',
          csrfToken: 'c',
          createdAt: new Date(old),
          expiresAt: new Date(old + day),
          address: '',
          agent: '',
          provenAt: null,
        });
      },
      console_ticket: () =>
        store.console.putTicket({
          kind: 'setup',
          digest: 't',
          userId: null,
          data: null,
          until: new Date(old),
        }),
      console_failure: () => store.console.noteFailure('address:192.0.2.1', new Date(old), day),
      session: () => store.sessions.createSession({ ...someSession(), sessionId: 'ses_kept', webhook: null }),
      webhook: async () => {
        await store.sessions.createSession(someSession({ expiresAt: old, webhook: 'https://example.org/' }));
        await store.sessions.expireSessions(old, 10);
      },
      review_mark: async () => {
        const explanation = someExplanation();
        await store.ledger.append(someRow({ requestId: 'marked', at: new Date(old), explanation }));
        const mark = { mark: 'right', note: '', by: 'ann', row: null, ifVersion: null } as const;
        await store.as({ kind: 'console', name: 'ann', from: '' }).markDecision('marked', mark);
      },
      score_day: () =>
        store.scores.addScores([
          { appid: '1', day: new Date(old).toISOString().slice(0, 10), bins: Array(SCORE_BINS).fill(1) },
        ]),
      usage_day: () => store.usage.consume('1', new Date(old - day).toISOString().slice(0, 10), 9),
    };
    const swept = Object.entries(lettingGo).flatMap(([table, how]) =>
      how.startsWith('kept') ? [] : [table],
    );
    expect(Object.keys(fill).sort()).toEqual(swept.sort());
    for (const put of Object.values(fill)) await put();
    const counts = () =>
      swept.map((table) => [
        table,
        (raw.prepare(`select count(*) as n from ${table}`).all() as { n: number }[])[0]!.n,
      ]);
    expect(counts().filter(([, n]) => n === 0)).toEqual([]);
    // As if the service had run all the time: the record time is the clock's.
    raw.exec('begin immediate');
    raw
      .prepare("insert or replace into meta values ('record_clock', ?)")
      .run([JSON.stringify({ time: now, wall: now, jump: null })]);
    raw.exec('commit');
    const after = rounds(store, 1);
    await after.run();
    expect(counts().filter(([, n]) => n !== 0)).toEqual([]);
  });

  it('of an operator who deletes by hand loses the answers with the rows', async () => {
    const store = await temporaryStore();
    const scope = { appid: '1', key: 'k' };
    const begun = await store.idempotency.beginIdempotent(scope, 'f', new Date(now), new Date(now + 1e5));
    if (begun.kind !== 'begun') throw new Error('it must begin');
    const answer = { http: 200, contentType: 'a/b', body: '{}' };
    await store.idempotency.finishIdempotent(scope, begun.token, answer, new Date(now), new Date(now + day));
    await store.ledger.prune(new Date(now));
    expect(
      (await store.idempotency.beginIdempotent(scope, 'f', new Date(now + 1), new Date(now + 2))).kind,
    ).toBe('answered');
    await store.ledger.prune(new Date(now + 1));
    expect(
      (await store.idempotency.beginIdempotent(scope, 'f', new Date(now + 1), new Date(now + 2))).kind,
    ).toBe('begun');
  });
});
