import { describe, expect, it } from 'vitest';
import type { ErasureTarget } from '../../ledger/types.ts';
import { someSession, someStill } from '../../session/test-support/some-session.ts';
import type { Store } from '../open.ts';
import {
  dump,
  ownChain,
  someExplanation,
  someRow,
  temporaryFolder,
  temporaryStore,
} from '../test-support/temp-store.ts';

/* Whatever an erasure is asked by: nothing of the person is left in any table. */

const SHA256 = 'c1'.repeat(32);
const OTHER = 'd2'.repeat(32);
const REQUEST = 'request-of-the-person';
const REFERENCE = 'case "7" of somebody';
const webhook = 'https://hooks.example/x';
const until = new Date('2027-01-01T00:00:00Z');
const now = new Date('2026-11-23T10:00:00Z');

const WAYS: readonly (readonly [way: string, target: ErasureTarget, traces: readonly string[]])[] = [
  ['picture', { pictureSha256: SHA256 }, [SHA256]],
  ['request', { requestId: REQUEST }, [REQUEST]],
  ['reference', { reference: REFERENCE }, ['of somebody']],
];

/** A ledger row of the person, found by all ways. */
const rowOfPerson = (parts = {}) =>
  someRow({
    requestId: REQUEST,
    pictureSha256: SHA256,
    explanation: someExplanation({ reference: REFERENCE }),
    ...parts,
  });

const sessionOfPerson = (parts = {}) =>
  someSession({
    reference: REFERENCE,
    webhook,
    taken: [someStill({ sha256: SHA256, requestId: REQUEST })],
    ...parts,
  });

async function answered({ idempotency }: Store, key: string): Promise<void> {
  const scope = { appid: '1000001', key };
  const begun = await idempotency.beginIdempotent(scope, 'f', now, until);
  if (begun.kind !== 'begun') throw new Error('the key is taken');
  const body = JSON.stringify({ requestId: REQUEST, sha256: SHA256, reference: REFERENCE });
  const answer = { http: 200, contentType: 'application/json', body };
  await idempotency.finishIdempotent(scope, begun.token, answer, now, until);
}

/** What is kept of a person, each alone, without what else would lead to it. */
const PLACES: Readonly<Record<string, (store: Store) => Promise<unknown>>> = {
  'a decision': ({ ledger }) => ledger.append(rowOfPerson()),
  'a decision on several stills': ({ ledger }) => {
    const stills = [SHA256, OTHER].map((sha256) => ({
      ...{ sha256, bytes: 1, source: 'bytes', verdict: 'live' as const, rawScore: 1 },
    }));
    const explanation = someExplanation({ reference: REFERENCE, stills });
    return ledger.append(rowOfPerson({ pictureSha256: 'e3'.repeat(32), explanation }));
  },
  'a decision with a mark and a note': async (store) => {
    await store.ledger.append(rowOfPerson());
    const by = store.as({ kind: 'console', name: 'Ada', from: 'here' });
    await by.markDecision(REQUEST, {
      mark: 'wrong',
      by: 'Ada',
      row: null,
      ifVersion: null,
      note: `${REFERENCE} ${SHA256}`,
    });
  },
  'a session, its decision gone by age': ({ sessions }) => sessions.createSession(sessionOfPerson()),
  'a call of a session that is waiting': async ({ sessions }) => {
    await sessions.createSession(sessionOfPerson());
    await sessions.stepSession(sessionOfPerson().sessionId, { kind: 'cancel' }, 1000);
  },
  'a call that outlived its session': async ({ sessions, upkeep, webhooks }) => {
    const day = 24 * 3_600_000;
    await sessions.createSession(sessionOfPerson());
    await sessions.stepSession(sessionOfPerson().sessionId, { kind: 'cancel' }, 1000);
    await webhooks.takeWebhooks(1000, 3 * day, 10);
    await upkeep.sweep(sessionOfPerson().expiresAt + day + 1);
    expect(await sessions.findCaptureSession(sessionOfPerson().sessionId)).toBeNull();
  },
  'a kept answer': (store) => answered(store, 'some-key'),
};

/** Tables that hold nothing of a person whose picture was judged; a new one has to be thought about. */
const OTHERS = new Set([
  ...['kysely_migration', 'kysely_migration_lock', 'meta', 'audit_key', 'model_set', 'policy_version'],
  ...['app', 'app_bucket', 'app_rules', 'secret', 'api_key', 'usage_day', 'used_signature', 'score_day'],
  ...[
    'chain_head',
    'chain_checkpoint',
    'chain_tombstone',
    'idempotency_app_share',
    'idempotency_share',
    'permit',
    'rate_bucket',
  ],
  ...['admin_key', 'console_user', 'console_session', 'console_ticket', 'console_failure', 'console_passkey'],
]);
/** Tables that may; the rows of batches are looked at in `jobs/erase.test.ts`. */
const OF_PERSONS = new Set([
  ...['ledger', 'ledger_still', 'review_mark', 'session', 'webhook', 'idempotency', 'admin_log'],
  ...['batch', 'batch_chunk', 'batch_result'],
]);

describe.each(WAYS)('an erasure by %s', (way, target, traces) => {
  it.each(Object.entries(PLACES))('reaches %s', async (_place, fill) => {
    const dataDir = await temporaryFolder();
    const store = await temporaryStore({ dataDir });
    await fill(store);
    const held = async () => {
      const tables = Object.entries(await dump(dataDir));
      return tables.filter(([, rows]) => traces.some((one) => rows.includes(one))).map(([name]) => name);
    };
    expect(await held()).not.toEqual([]);
    const [rows, beside] = [await store.ledger.count(target), await store.chains.countBeside(target)];
    expect(rows + beside).toBeGreaterThan(0);
    await store.chains.erase(target);
    // Of the call a person knows the name: the log of changes has it with the mark that was made.
    const left = (await held()).filter((name) => !(way === 'request' && name === 'admin_log'));
    expect(left).toEqual([]);
    expect(await store.ledger.count(target)).toBe(0);
    expect(await store.chains.countBeside(target)).toBe(0);
    expect(await store.chains.verify(ownChain())).toMatchObject({ fault: null });
  });

  it('leaves what is of others', async () => {
    const store = await temporaryStore();
    await store.ledger.append(someRow({ requestId: 'another', pictureSha256: OTHER }));
    await store.sessions.createSession(someSession({ reference: 'another', webhook }));
    expect(await store.chains.erase(target)).toMatchObject({ tombstones: [], keptAnswers: 0, sessions: 0 });
    expect(await store.ledger.count({})).toBe(1);
    expect(await store.sessions.findCaptureSession(someSession().sessionId)).not.toBeNull();
  });
});

it('every table is known to hold something of a person, or nothing', async () => {
  const dataDir = await temporaryFolder();
  await temporaryStore({ dataDir });
  const names = Object.keys(await dump(dataDir)).filter((name) => !name.startsWith('livestill_queue.'));
  expect(names.filter((name) => !OTHERS.has(name) && !OF_PERSONS.has(name))).toEqual([]);
});
