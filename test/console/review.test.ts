import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readScores } from '../../src/evaluation/data/score-file.ts';
import { evaluate } from '../../src/evaluation/evaluate.ts';
import type { LedgerRow } from '../../src/ledger/types.ts';
import type { Store } from '../../src/store/open.ts';
import { someExplanation, someRow } from '../../src/store/test-support/temp-store.ts';
import { startConsole } from './support.ts';

const explained = (reference: string | null, liveProbability: number) =>
  someExplanation({ reference, liveProbability });

/** Two live and two attack decisions for review, and one that is not. */
const ROWS: readonly Partial<LedgerRow>[] = [
  { requestId: 'a', verdict: 'live', rawScore: 90, explanation: explained('=case "1"', 0.7) },
  { requestId: 'b', verdict: 'live', rawScore: 91, explanation: explained('案例二', 0.72) },
  { requestId: 'c', verdict: 'attack', rawScore: 40, explanation: explained(null, 0.4) },
  { requestId: 'd', verdict: 'attack', rawScore: 41, explanation: explained(null, 0.41), appid: 'other' },
  { requestId: 'sure', verdict: 'live', rawScore: 99 },
];

async function start() {
  const started = await startConsole();
  await fill(started.store);
  return { started, operator: await started.signedIn('operator', 'Ada') };
}

async function fill({ ledger }: Store): Promise<void> {
  for (const [n, row] of ROWS.entries())
    await ledger.append(someRow({ at: new Date(Date.UTC(2026, 10, 1, 0, n)), ...row }));
}

const PATH = '/admin/v1/review';

describe('the review queue', () => {
  it('lists open decisions with what is needed to judge them, and pages', async () => {
    const { operator } = await start();
    const first = await operator.call('GET', `${PATH}?limit=3`);
    expect(first.body.items.map((one: { requestId: string }) => one.requestId)).toEqual(['d', 'c', 'b']);
    expect(first.body.items[2]).toMatchObject({
      at: '2026-11-01T00:01:00.000Z',
      appid: '1000001',
      verdict: 'live',
      rawScore: 91,
      threshold: 87,
      liveProbability: 0.72,
      reference: '案例二',
      mark: null,
      note: '',
      version: 0,
      marked: null,
    });
    const next = await operator.call('GET', `${PATH}?limit=3&after=${first.body.next}`);
    expect(next.body.items.map((one: { requestId: string }) => one.requestId)).toEqual(['a']);
    expect((await operator.call('GET', `${PATH}?app=other`)).body.items).toHaveLength(1);
    expect((await operator.call('GET', `${PATH}?from=2026-11-01T00:02:00Z`)).body.items).toHaveLength(2);
  });

  it('takes a mark with a note, tells whose change came in between, and takes it back', async () => {
    const { started, operator } = await start();
    const marked = await operator.call('PUT', `${PATH}/a`, {
      body: { mark: 'wrong', note: ' a mask ', ifVersion: 0 },
    });
    expect(marked).toMatchObject({
      status: 200,
      body: { mark: 'wrong', note: 'a mask', version: 1, marked: { by: 'Ada' } },
    });
    const other = await started.signedIn('administrator', 'Bob');
    const late = await other.call('PUT', `${PATH}/a`, { body: { mark: 'right', ifVersion: 0 } });
    expect(late).toMatchObject({ status: 409, body: { code: 'changed_meanwhile' } });
    expect(late.body.detail).toContain('Ada');
    expect((await operator.call('GET', `${PATH}?state=wrong`)).body.items).toHaveLength(1);
    const back = await other.call('PUT', `${PATH}/a`, { body: { mark: null, ifVersion: 1 } });
    expect(back.body).toMatchObject({ mark: null, note: '', version: 2, marked: { by: 'Bob' } });
    const log = await other.call('GET', '/admin/v1/admin-log?action=review');
    expect(log.body.items.map((one: { actor: { name: string } }) => one.actor.name)).toEqual(['Bob', 'Ada']);
  });

  it('refuses marks of what is not for review, and requests of another form', async () => {
    const { operator } = await start();
    const cases = [
      ['PUT', '/nothing', { mark: 'right' }, 404, 'decision_unknown'],
      ['PUT', '/sure', { mark: 'right' }, 404, 'decision_unknown'],
      ['PUT', '/a', { mark: 'perhaps' }, 400, 'invalid_request'],
      ['PUT', '/a', { mark: 'right', note: 'x'.repeat(1001) }, 400, 'invalid_request'],
      ['PUT', '/a', {}, 400, 'invalid_request'],
      ['GET', '?state=some', undefined, 400, 'invalid_request'],
      ['GET', '?after=x', undefined, 400, 'invalid_request'],
      ['GET', '/export.csv?from=yesterday', undefined, 400, 'invalid_request'],
    ] as const;
    for (const [method, path, body, status, code] of cases) {
      const reply = await operator.call(method, PATH + path, body === undefined ? {} : { body });
      expect([path, body, reply.status, reply.body.code]).toEqual([path, body, status, code]);
    }
  });
});

describe('the labelled rows', () => {
  async function exported(query = '') {
    const { started, operator } = await start();
    for (const [id, mark] of [
      ['a', 'right'],
      ['b', 'wrong'],
      ['c', 'right'],
      ['d', 'wrong'],
    ])
      await operator.call('PUT', `${PATH}/${id}`, {
        body: { mark, note: id === 'a' ? '@note, "quoted"\nand more' : '' },
      });
    const reply = await fetch(`${started.url}${PATH}/export.csv${query}`, {
      headers: { cookie: operator.cookie },
    });
    return { reply, text: await reply.text() };
  }

  it('say what the pictures truly were, and are what "evaluate" reads', async () => {
    const { reply, text } = await exported();
    expect(reply.headers.get('content-type')).toBe('text/csv; charset=utf-8');
    expect(reply.headers.get('content-disposition')).toContain('reviewed.csv');
    const rows = readScores('reviewed.csv', text);
    expect(
      rows.map(({ id, label, score, probability, group }) => [
        id.split('#')[0],
        label,
        score,
        probability,
        group,
      ]),
    ).toEqual([
      ['d', 'bona-fide', 41, 0.41, 'other'],
      ['c', 'attack', 40, 0.4, '1000001'],
      ['b', 'attack', 91, 0.72, '1000001'],
      ['a', 'bona-fide', 90, 0.7, '1000001'],
    ]);
    const { evaluation } = evaluate(rows, { threshold: 87, replicates: 0 });
    expect(evaluation.measures.bpcer.share).toBe(0.5);
    expect(evaluation.measures.apcerPooled.share).toBe(0.5);
    // What a caller or an operator wrote is no formula in a spreadsheet.
    expect(text).toContain(`"'=case ""1"""`);
    expect(text).toContain(`"'@note, ""quoted""\nand more"`);
  });

  it('are measured by the command itself', async () => {
    const { text } = await exported();
    const folder = await mkdtemp(join(tmpdir(), 'livestill-reviewed-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    const file = join(folder, 'reviewed.csv');
    await writeFile(file, text);
    const { stdout } = await promisify(execFile)(process.execPath, [
      'bin/livestill.js',
      'evaluate',
      '--scores',
      file,
      '--bootstrap',
      '0',
      '--json',
    ]);
    expect(JSON.parse(stdout)).toMatchObject({
      bpcer: 0.5,
      apcerPooled: 0.5,
      counts: { bonaFide: 2, attacks: 2 },
    });
  });

  it('are of one app or period where these are asked for', async () => {
    const of = async (query: string) => (await exported(query)).text.split('\n').length - 2;
    expect(await of('?app=other')).toBe(1);
    expect(await of('?from=2026-11-01T00:01:00Z&to=2026-11-01T00:03:00Z')).toBe(2);
    expect(await of('?state=right')).toBe((await of('')) - (await of('?state=wrong')));
    expect(await of('?state=wrong')).toBeGreaterThan(0);
    expect((await exported('?state=open')).reply.status).toBe(400);
    expect(await of('?app=nobody')).toBe(0);
  });

  it('come whole where they are more than one page of the store', async () => {
    const started = await startConsole();
    const operator = await started.signedIn('operator', 'Ada');
    const changes = started.store.as({ kind: 'console', name: 'Ada', from: '' });
    const count = 501;
    const at = (n: number) => new Date(Date.UTC(2026, 10, 1) + n);
    const explanation = explained(null, 0.6);
    const numbers = Array.from({ length: count }, (_, n) => n);
    const mark = { mark: 'right', note: '', by: 'Ada', row: null, ifVersion: null } as const;
    await Promise.all(
      numbers.map((n) =>
        started.store.ledger.append(someRow({ requestId: `m${n}`, at: at(n), explanation })),
      ),
    );
    await Promise.all(numbers.map((n) => changes.markDecision(`m${n}`, mark)));
    const reply = await fetch(`${started.url}${PATH}/export.csv`, { headers: { cookie: operator.cookie } });
    expect(readScores('all', await reply.text())).toHaveLength(count);
  }, 30_000);
});
