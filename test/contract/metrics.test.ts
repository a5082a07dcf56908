import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../src/faults.ts';
import { appid, signature } from './support/accounts.ts';
import { judgementOf, noFace } from './support/judge.ts';
import { ended, judged, type MetricsTest, startMetricsTest } from './support/metrics.ts';
import { open, post } from './support/raw.ts';

/*
 * What `GET /metrics` shows changes by exactly what happened.
 */

const image = Buffer.from('a picture').toString('base64');
let test: MetricsTest;
let { legacy, v1, call, expectChanges } = {} as MetricsTest;

beforeAll(async () => {
  test = await startMetricsTest();
  ({ legacy, v1, call, expectChanges } = test);
});
afterEach(() => test.reset());
afterAll(() => test.stop());

describe('requests of the old API', () => {
  it.each([
    ['live', judgementOf(), '0', true],
    ['attack', judgementOf({ verdict: 'attack', rawScore: 3 }), '0', true],
    ['poor_quality', judgementOf({ verdict: 'poor_quality', rawScore: 97 }), '0', true],
    ['no_face', noFace, '-4015', false],
  ])('judged: %s', async (verdict, judgement, code, scored) => {
    legacy.judge.answer = () => judgement;
    await expectChanges(() => call({ image }), {
      ...ended('legacy', 'judged', code, { verdict }),
      ...judged(verdict, scored),
    });
  });

  it('judged: what was found', async () => {
    const finding = { code: 'BLURRED', severity: 'error', text: '', advice: '' } as const;
    legacy.judge.answer = () => judgementOf({ reasons: [finding, { ...finding, code: 'SEVERAL_FACES' }] });
    await expectChanges(() => call({ image }), {
      ...ended('legacy', 'judged', '0', { verdict: 'live' }),
      ...judged('live'),
      'livestill_findings_total{finding="BLURRED"}': 1,
      'livestill_findings_total{finding="SEVERAL_FACES"}': 1,
    });
  });

  it.each([
    ['live', 93],
    ['attack', 70],
  ] as const)('judged, for review: %s', async (verdict, rawScore) => {
    legacy.judge.answer = () => judgementOf({ verdict, rawScore, review: true });
    await expectChanges(() => call({ image }), {
      ...ended('legacy', 'judged', '0', { verdict }),
      ...judged(verdict),
      [`livestill_review_total{api="legacy",verdict="${verdict}"}`]: 1,
    });
  });

  it.each([
    ['no signature', { image }, null, '4', 'sign_missing', 401],
    ['a signature that is no base64', { image }, '*', '5', 'not_base64', 401],
    ['no picture', {}, signature(), '-5805', 'no_image', 200],
    ['a url of another kind', { url: 'ftp://a.example/b' }, signature(), '21', 'url:not_http', 400],
  ])('refused: %s', async (_name, content, sign, code, reason, status) => {
    await expectChanges(() => call(content, sign), ended('legacy', 'refused', code, { reason, status }));
    expect(legacy.lines).toMatchObject([{ code: Number(code), reason }]);
  });

  it('no room', async () => {
    legacy.judge.full = new Fault('busy', 'queue_full', 'full', { retryAfter: 1 });
    await expectChanges(
      () => call({ image }),
      ended('legacy', 'busy', '-5802', { reason: 'queue_full', status: 503 }),
    );
  });

  it('failed: the engine', async () => {
    legacy.judge.answer = () => {
      throw new Fault('worker_lost', 'worker_crashed', 'twice');
    };
    await expectChanges(
      () => call({ image }),
      ended('legacy', 'failed', '213', { reason: 'worker_crashed', status: 500 }),
    );
  });

  it('failed: the ledger, of a picture that was judged and whose verdict nobody got', async () => {
    legacy.ledger.fail = new Fault('state_unavailable', 'store_full', 'no room');
    await expectChanges(() => call({ image }), {
      ...ended('legacy', 'failed', '108', { reason: 'store_full', status: 503 }),
      'livestill_judgement_duration_seconds_count{profile="careful"}': 1,
    });
  });

  it('aborted: the caller went away', async () => {
    const leaving = open(legacy.port);
    legacy.judge.answer = (_picture, { signal }) => {
      leaving.destroy();
      return new Promise((_resolve, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason)),
      );
    };
    const body = JSON.stringify({ appid, image });
    await expectChanges(
      async () =>
        leaving.write(post(['Content-Type: application/json', `Authorization: ${signature()}`], body)),
      ended('legacy', 'aborted', 'aborted', { status: 0 }),
    );
    expect(legacy.lines).toMatchObject([{ event: 'aborted' }]);
  });
});

describe('requests of the v1 API', () => {
  const send = (init: RequestInit = {}) =>
    v1.post('/v1/liveness', {
      body: 'a picture',
      ...init,
      headers: { 'content-type': 'image/jpeg', ...init.headers },
    });

  it('judged, and replayed', async () => {
    const headers = { 'idempotency-key': 'once' };
    await expectChanges(() => send({ headers }), {
      ...ended('v1', 'judged', 'ok', { verdict: 'live' }),
      ...judged('live'),
    });
    await expectChanges(() => send({ headers }), ended('v1', 'replayed', 'replayed'));
  });

  it.each([
    ['an unknown key', { authorization: 'Bearer lsk_x' }, 'api_key_invalid', 'api_key_invalid', 401],
    ['another content type', { 'content-type': 'text/html' }, 'unsupported_media_type', 'content_type', 415],
  ])('refused: %s', async (_name, headers, code, reason, status) => {
    await expectChanges(() => send({ headers }), ended('v1', 'refused', code, { reason, status }));
  });

  it('refused: not a picture', async () => {
    v1.judge.answer = () => {
      throw new Fault('picture_unreadable', 'truncated', 'cut off');
    };
    await expectChanges(
      () => send(),
      ended('v1', 'refused', 'picture_unreadable', { reason: 'truncated', status: 422 }),
    );
  });

  it('no room and a store that fails, each with the reason of its own', async () => {
    v1.judge.full = new Fault('busy', 'queue_share', 'full');
    await expectChanges(
      () => send(),
      ended('v1', 'busy', 'overloaded', { reason: 'queue_share', status: 503 }),
    );
    expect(v1.lines).toMatchObject([{ reason: 'queue_share' }]);
    v1.judge.full = null;
    v1.lines.length = 0;
    v1.ledger.fail = new Fault('state_unavailable', 'store_busy', 'locked');
    await expectChanges(() => send(), {
      ...ended('v1', 'failed', 'store_unavailable', { reason: 'store_busy', status: 503 }),
      'livestill_judgement_duration_seconds_count{profile="careful"}': 1,
    });
    expect(v1.lines).toMatchObject([{ reason: 'store_busy' }]);
  });

  it('other paths are replies and no requests for a judgement', async () => {
    await expectChanges(() => fetch(`${v1.url}/v1/openapi.json`), {
      'livestill_http_replies_total{status="200"}': 1,
    });
    await expectChanges(() => fetch(`${v1.url}/v1/nothing`), {
      'livestill_http_replies_total{status="404"}': 1,
    });
  });
});
