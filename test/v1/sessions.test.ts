import { createHmac, randomBytes } from 'node:crypto';
import sharp from 'sharp';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { InputError, LivestillClient, verifyWebhook } from '../../src/client/index.ts';
import { Fault } from '../../src/faults.ts';
import { reason } from '../../src/liveness/reasons.ts';
import { CURVE } from '../../src/session/test-support/some-session.ts';
import { webhookSignature } from '../../src/webhook/sign.ts';
import { judgementOf, noFace } from '../contract/support/judge.ts';
import { judgedFace, startV1Test, type V1Test } from './support.ts';

const ORIGIN = 'https://shop.example';
const FOREIGN = 'https://elsewhere.example';
let server: V1Test;
const picture = async (shade: number) =>
  sharp({ create: { width: 640, height: 480, channels: 3, background: { r: shade, g: 90, b: 60 } } })
    .jpeg()
    .toBuffer();
const pictures: Buffer[] = [];
const still = { thumbnail: null, curve: CURVE };
const live = () => judgedFace({ still });
const attack = () => judgementOf({ ...live(), verdict: 'attack', rawScore: 12, fusedLogit: -3 });
const poor = () =>
  judgementOf({ ...live(), verdict: 'poor_quality', reasons: [reason('BLURRED'), reason('TOO_DARK')] });

beforeAll(async () => {
  server = await startV1Test({ settings: { cors: { origins: [FOREIGN] } } });
  pictures.push(...(await Promise.all([40, 80, 120, 160, 200, 240].map(picture))));
});
afterAll(() => server.stop());
beforeEach(() => {
  server.judge.answer = live;
  server.ledger.fail = null;
});

const send = (path: string, init: RequestInit) => fetch(server.url + path, init);
const read = async (response: Response) => (await response.json()) as Record<string, never>;

interface Made {
  readonly sessionId: string;
  readonly token: string;
  readonly webhookSecret: string | null;
}

async function make(asked: Record<string, unknown> = {}): Promise<Made> {
  const response = await server.post('/v1/sessions', {
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ stills: 2, origin: ORIGIN, ...asked }),
  });
  expect(response.status).toBe(201);
  return (await response.json()) as Made;
}
const refusalOf = async (asked: unknown, key = server.apiKey) => {
  const response = await send('/v1/sessions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${key}` },
    body: JSON.stringify(asked),
  });
  const { code, reason: why, detail } = await read(response);
  return [response.status, code, why, detail];
};
const view = async (sessionId: string, key = server.apiKey) =>
  read(await send(`/v1/sessions/${sessionId}`, { headers: { authorization: `Bearer ${key}` } }));

/** A page that holds the token, with a key of its own. */
function page(
  { sessionId, token }: Made,
  { origin = ORIGIN, key = randomBytes(32).toString('base64url') } = {},
) {
  const common = { authorization: `Bearer ${token}`, origin };
  return {
    key,
    start: (asked: unknown = { key }) =>
      send(`/v1/sessions/${sessionId}/start`, {
        method: 'POST',
        headers: { ...common, 'content-type': 'application/json' },
        body: JSON.stringify(asked),
      }),
    upload(bytes: Buffer, nonce: string, change: Record<string, string> = {}, facts = '') {
      const mac = createHmac('sha256', Buffer.from(key, 'base64url'))
        .update(`livestill-still-1\n${sessionId}\n${nonce}\n${facts}\n`)
        .update(bytes)
        .digest('base64url');
      return send(`/v1/sessions/${sessionId}/stills`, {
        method: 'POST',
        headers: {
          ...common,
          'content-type': 'image/jpeg',
          'livestill-nonce': nonce,
          'livestill-mac': mac,
          ...(facts === '' ? {} : { 'livestill-facts': facts }),
          ...change,
        },
        body: bytes,
      });
    },
  };
}
const factsOf = (takenAfter: number, label = 'Front camera') =>
  Buffer.from(JSON.stringify({ label, width: 640, height: 480, takenAfter })).toString('base64url');

/** Starts a session and sends pictures one after the other; the last answer. */
async function run(made: Made, bytes: readonly Buffer[], label?: string) {
  const one = page(made);
  let answer = await read(await one.start());
  for (const [index, each] of bytes.entries()) {
    const response = await one.upload(each, answer.nonce, {}, factsOf(1000 + index * 300, label));
    expect(response.status).toBe(200);
    answer = await read(response);
  }
  return answer;
}
const problemOf = async (response: Response) => {
  const { code, reason: why } = await read(response);
  return [response.status, code, ...(why === undefined ? [] : [why])];
};

describe('a session', () => {
  it('is made, started by a page, filled and read by the server; the page learns no verdict', async () => {
    const made = await make({ reference: 'case-7' });
    expect(await view(made.sessionId)).toMatchObject({ state: 'created', outcome: null, taken: [] });
    const one = page(made);
    const started = await read(await one.start());
    expect(started).toEqual({
      state: 'more',
      nonce: expect.any(String),
      stillsLeft: 2,
      triesLeft: 3,
      hints: [],
    });
    const first = await one.upload(pictures[0]!, started.nonce, {}, factsOf(1000));
    expect(first.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    const more = await read(first);
    expect(more).toMatchObject({ state: 'more', stillsLeft: 1 });
    const last = await read(await one.upload(pictures[1]!, more.nonce, {}, factsOf(1300)));
    expect(last).toEqual({ state: 'accepted', nonce: null, stillsLeft: 0, triesLeft: 0, hints: [] });
    const session = await view(made.sessionId);
    expect(session).toMatchObject({
      state: 'done',
      outcome: 'live',
      decision: { score: 88, review: false, reasons: [] },
      reference: 'case-7',
      triesUsed: 1,
      capture: { signals: [] },
      taken: [
        { try: 1, verdict: 'live', score: 93, takenAfter: 1000, signals: [] },
        { try: 1, verdict: 'live', score: 93, takenAfter: 1300, signals: [] },
      ],
    });
    expect(JSON.stringify(session)).not.toMatch(new RegExp(`${made.token}|${one.key}`));
    const rows = await server.store.ledger.latest({ reference: 'case-7' }, 10);
    expect(rows.map(({ source, score, verdict }) => [source, score, verdict])).toEqual(
      Array.from({ length: 2 }, () => [`session:${made.sessionId}`, 93, 'live']),
    );
    expect(JSON.stringify(server.lines)).not.toContain(made.token);
  });

  it('says the same to the page of an attack as of a live face', async () => {
    server.judge.answer = attack;
    const made = await make();
    const answer = await run(made, pictures.slice(0, 2));
    expect(answer).toEqual({ state: 'accepted', nonce: null, stillsLeft: 0, triesLeft: 0, hints: [] });
    expect(await view(made.sessionId)).toMatchObject({ state: 'done', outcome: 'attack' });
  });

  it('lets the page try again where nothing can be judged, with advice in its language', async () => {
    server.judge.answer = poor;
    const made = await make({ tries: 2 });
    const one = page(made);
    let answer = await read(await one.start());
    for (const bytes of pictures.slice(0, 2)) answer = await read(await one.upload(bytes, answer.nonce));
    expect(answer).toMatchObject({
      state: 'again',
      stillsLeft: 2,
      triesLeft: 1,
      hints: [
        { code: 'BLURRED', advice: expect.stringContaining('Hold still') },
        { code: 'TOO_DARK', advice: expect.any(String) },
      ],
    });
    server.judge.answer = () => ({ ...noFace, still, reasons: [reason('NO_FACE')] });
    answer = await read(await one.upload(pictures[2]!, answer.nonce));
    const ended = await read(await one.upload(pictures[3]!, answer.nonce, { 'accept-language': 'zh' }));
    expect(ended).toMatchObject({ state: 'ended', nonce: null, hints: [{ code: 'NO_FACE' }] });
    expect(JSON.stringify(ended)).toMatch(/[\u4e00-\u9fff]/);
    expect(await view(made.sessionId)).toMatchObject({ state: 'done', outcome: 'unfit', triesUsed: 2 });
  });

  it('counts bytes that are no picture as one that cannot be judged', async () => {
    server.judge.answer = () => {
      throw new Fault('picture_unreadable', 'not_an_image', 'no picture');
    };
    const made = await make({ stills: 1, tries: 1 });
    expect(await run(made, [Buffer.from('text')])).toMatchObject({ state: 'ended' });
    expect(await view(made.sessionId)).toMatchObject({
      outcome: 'unfit',
      taken: [{ verdict: null, reasons: ['not_an_image'] }],
    });
  });

  it('takes a still again whose judgement failed, and answers a repeated one without judging it', async () => {
    const made = await make();
    const one = page(made);
    const { nonce } = await read(await one.start());
    server.ledger.fail = new Fault('state_unavailable', 'store_locked', 'locked');
    expect((await one.upload(pictures[0]!, nonce)).status).toBe(503);
    server.ledger.fail = null;
    const first = await read(await one.upload(pictures[0]!, nonce));
    const judged = server.judge.pictures.length;
    expect(await read(await one.upload(pictures[0]!, nonce))).toEqual(first);
    expect(server.judge.pictures.length).toBe(judged);
  });

  it.each([
    ['accepted', live],
    ['ended', poor],
  ])('answers the repeated last still again, whose answer (%s) was lost', async (state, answer) => {
    server.judge.answer = answer;
    const made = await make({ stills: 1, tries: 1 });
    const one = page(made);
    const { nonce } = await read(await one.start());
    const first = await read(await one.upload(pictures[0]!, nonce));
    expect(first).toMatchObject({ state });
    const judged = server.judge.pictures.length;
    const before = await view(made.sessionId);
    expect(await read(await one.upload(pictures[0]!, nonce))).toEqual(first);
    expect([server.judge.pictures.length, await view(made.sessionId)]).toEqual([judged, before]);
    expect((await one.upload(pictures[1]!, nonce)).status).toBe(409);
  });

  it("holds pictures to its own stricter policy, and the app's rules", async () => {
    const made = await make({ stills: 1, policy: { threshold: 95, capture: 'strict' } });
    await run(made, [pictures[0]!]);
    expect(server.judge.options.at(-1)).toMatchObject({ threshold: 95, capture: 'strict' });
  });

  it('tells signals, which turn live into review where the session asks for that', async () => {
    const made = await make();
    await run(made, [pictures[0]!, pictures[0]!], 'OBS Virtual Camera');
    expect(await view(made.sessionId)).toMatchObject({
      outcome: 'live',
      capture: { signals: ['camera_virtual', 'frames_identical'] },
    });
    const strict = await make({ policy: { captureSignals: 'review' } });
    await run(strict, [pictures[0]!, pictures[0]!]);
    expect(await view(strict.sessionId)).toMatchObject({ outcome: 'review' });
  });

  it('can be cancelled, and its page is refused from then on', async () => {
    const made = await make();
    const one = page(made);
    const { nonce } = await read(await one.start());
    const cancelled = await server.post(`/v1/sessions/${made.sessionId}/cancel`);
    expect(await read(cancelled)).toMatchObject({ state: 'cancelled' });
    expect(await problemOf(await one.upload(pictures[0]!, nonce))).toEqual([409, 'session_conflict', 'over']);
    expect(await problemOf(await server.post(`/v1/sessions/${made.sessionId}/cancel`))).toEqual([
      409,
      'session_conflict',
      'over',
    ]);
  });

  it('is over when its time is', async () => {
    const made = await make({ expiresInSeconds: 30 });
    const one = page(made);
    const { nonce } = await read(await one.start());
    server.time.ahead = 31_000;
    try {
      expect(await problemOf(await one.upload(pictures[0]!, nonce))).toEqual([
        409,
        'session_conflict',
        'over',
      ]);
      expect(await view(made.sessionId)).toMatchObject({ state: 'expired' });
    } finally {
      server.time.ahead = 0;
    }
  });

  it('puts down a call with its result, and gives the secret to check it with', async () => {
    const made = await make({ stills: 1, webhook: 'https://shop.example/hook' });
    expect(made.webhookSecret).toMatch(/^whs_/);
    await run(made, [pictures[0]!]);
    expect(await view(made.sessionId)).toMatchObject({
      webhook: { state: 'waiting', tries: 0, lastFailure: null },
    });
    const [call] = await server.store.webhooks.takeWebhooks(Date.now(), 1000, 10);
    expect(JSON.parse(call?.body ?? '')).toMatchObject({
      event: 'session.ended',
      session: { sessionId: made.sessionId, state: 'done', outcome: 'live' },
    });
  });
});

describe('the client', () => {
  it('makes, reads and cancels sessions, and checks webhooks', async () => {
    const client = new LivestillClient({ baseUrl: server.url, apiKey: server.apiKey });
    const made = await client.createSession({
      stills: 1,
      origin: ORIGIN,
      webhook: 'https://shop.example/hook',
    });
    expect((await client.getSession(made.sessionId)).state).toBe('created');
    const cancelled = await client.cancelSession(made.sessionId);
    expect([cancelled.state, cancelled.outcome]).toEqual(['cancelled', null]);
    await expect(client.cancelSession(made.sessionId)).rejects.toMatchObject({ code: 'session_conflict' });
    const calls = await server.store.webhooks.takeWebhooks(Date.now(), 1000, 10);
    const body = calls.find(({ id }) => id.endsWith(made.sessionId))?.body ?? '';
    const secret = made.webhookSecret ?? '';
    const now = Math.floor(Date.now() / 1000);
    const event = await verifyWebhook(body, webhookSignature(secret, now, body), { secret });
    expect(event.session).toMatchObject({ sessionId: made.sessionId, state: 'cancelled' });
    for (const [text, signature] of [
      [`${body} `, webhookSignature(secret, now, body)],
      [body, webhookSignature('another', now, body)],
      [body, webhookSignature(secret, now - 600, body)],
      [body, null],
      ['{"event":"other"}', webhookSignature(secret, now, '{"event":"other"}')],
    ] as const) {
      await expect(verifyWebhook(text, signature, { secret })).rejects.toBeInstanceOf(InputError);
    }
  });
});

describe('checking a webhook', () => {
  const body = JSON.stringify({ event: 'session.ended', session: { sessionId: 'ses_1' } });
  const now = () => Math.floor(Date.now() / 1000);
  const secret = 'whs_made-up';
  const check = (signature: string, options: { secret: unknown; tolerance?: number }, text = body) =>
    verifyWebhook(text, signature, options as { secret: string });

  it.each([null, undefined, '', 7, {}])(
    'refuses without a secret (%o), whatever was signed with',
    async (no) => {
      // What a careless program makes of a missing secret, anybody can sign with.
      for (const guess of [String(no), 'null', 'undefined', ' ']) {
        await expect(check(webhookSignature(guess, now(), body), { secret: no })).rejects.toThrow(InputError);
      }
    },
  );

  it('refuses what is too old, too new, changed, or not signed so', async () => {
    const good = webhookSignature(secret, now(), body);
    expect(await check(good, { secret })).toMatchObject({ event: 'session.ended' });
    const bad: readonly (readonly [string, string?, number?])[] = [
      [webhookSignature(secret, now() - 301, body)],
      [webhookSignature(secret, now() + 301, body)],
      [webhookSignature(secret, now() - 9000, body), body, Number.NaN],
      [good, `${body} `],
      [good.replace(/^t=\d+/, `t=${now() + 1}`)],
      [good.toUpperCase()],
      [`${good},v1=${'0'.repeat(64)}`],
      [`v1=${'0'.repeat(64)}`],
      [''],
    ];
    for (const [signature, text, tolerance] of bad) {
      const options = tolerance === undefined ? { secret } : { secret, tolerance };
      await expect(check(signature, options, text)).rejects.toThrow(InputError);
    }
  });
});

describe('making a session', () => {
  it.each([
    [{ policy: { threshold: 50 } }, 'policy'],
    [{ policy: { threshold: 101 } }, 'schema'],
    [{ webhook: 'nonsense' }, 'webhook'],
    [{ webhook: 'https://shop.example/a b' }, 'webhook'],
    [{ webhook: 'https://shop.example/\u0000' }, 'schema'],
    [{ origin: 'https://shop.example/' }, 'schema'],
    [{ origin: 'https://shop.example/\u0000' }, 'schema'],
    [{ origin: '*' }, 'schema'],
    [{ reference: 'with blanks' }, 'schema'],
    [{ stills: 6 }, 'schema'],
    [{ unknown: 1 }, 'schema'],
    [[], 'schema'],
  ])('of %j is refused: %s', async (asked, why) => {
    expect((await refusalOf(asked)).slice(0, 3)).toEqual([400, 'invalid_request', why]);
  });

  it('needs a key with the scope sessions or judge', async () => {
    const other = await server.key({ scopes: ['read:operating-points'] });
    expect((await refusalOf({}, other)).slice(0, 2)).toEqual([403, 'scope_missing']);
    const own = await server.key({ scopes: ['sessions'] });
    expect((await refusalOf({ stills: 9 }, own))[0]).toBe(400);
  });
});

describe('CORS of a session', () => {
  const preflight = (sessionId: string, origin: string) =>
    send(`/v1/sessions/${sessionId}/stills`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST' },
    });

  it('is for its own origin alone, whatever the configured list says', async () => {
    const { sessionId } = await make();
    const own = await preflight(sessionId, ORIGIN);
    expect([own.status, own.headers.get('access-control-allow-origin')]).toEqual([200, ORIGIN]);
    expect(own.headers.get('access-control-allow-headers')).toContain('livestill-mac');
    for (const [id, origin] of [
      [sessionId, FOREIGN],
      ['ses_AAAAAAAAAAAAAAAAAAAAAA', ORIGIN],
    ] as const) {
      expect((await preflight(id, origin)).status).toBe(405);
    }
  });

  it('lets the page read why it is refused', async () => {
    const made = await make();
    const response = await page(made).upload(pictures[0]!, 'A'.repeat(22));
    expect(response.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(await problemOf(response)).toEqual([409, 'session_conflict', 'not_started']);
  });
});

describe('who holds a stolen token', () => {
  it('cannot upload once the page has started: the MAC needs its key', async () => {
    const made = await make();
    const { nonce } = await read(await page(made).start());
    const thief = page(made);
    expect(await problemOf(await thief.start())).toEqual([409, 'session_conflict', 'started']);
    expect(await problemOf(await thief.upload(pictures[5]!, nonce))).toEqual([403, 'upload_refused', 'mac']);
    expect(await view(made.sessionId)).toMatchObject({ state: 'uploading', refusedUploads: 1, taken: [] });
  });

  it('can start a session that no page has started yet; the page then finds out', async () => {
    const made = await make();
    expect((await page(made).start()).status).toBe(200);
    expect(await problemOf(await page(made).start())).toEqual([409, 'session_conflict', 'started']);
  });

  it('cannot use it from a page of another origin, nor for another session', async () => {
    const [made, other] = [await make(), await make()];
    const foreign = await page(made, { origin: FOREIGN }).start();
    expect(foreign.headers.get('access-control-allow-origin')).toBe(ORIGIN);
    expect(await problemOf(foreign)).toEqual([403, 'upload_refused', 'origin']);
    const mixed = await page({ ...made, token: other.token }).start();
    expect(await problemOf(mixed)).toEqual([401, 'session_token_invalid']);
  });

  it('cannot read the result, cancel, judge or make sessions with it', async () => {
    const { sessionId, token } = await make();
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    for (const [method, path] of [
      ['GET', `/v1/sessions/${sessionId}`],
      ['POST', `/v1/sessions/${sessionId}/cancel`],
      ['POST', '/v1/sessions'],
      ['POST', '/v1/liveness'],
      ['GET', '/v1/operating-points'],
    ] as const) {
      const body = method === 'POST' ? { body: '{}' } : {};
      expect(await problemOf(await send(path, { method, headers, ...body }))).toEqual([
        401,
        'api_key_invalid',
      ]);
    }
  });

  it('cannot replay, reorder or change an upload that was overheard', async () => {
    const made = await make({ stills: 3 });
    const one = page(made);
    const { nonce } = await read(await one.start());
    const next = await read(await one.upload(pictures[0]!, nonce, {}, factsOf(1000)));
    const last = await read(await one.upload(pictures[1]!, next.nonce, {}, factsOf(1300)));
    expect(await problemOf(await one.upload(pictures[0]!, nonce, {}, factsOf(1000)))).toEqual([
      409,
      'session_conflict',
      'nonce',
    ]);
    const changed = await one.upload(
      pictures[2]!,
      last.nonce,
      { 'livestill-facts': factsOf(9) },
      factsOf(1600),
    );
    expect(await problemOf(changed)).toEqual([403, 'upload_refused', 'mac']);
    expect((await view(made.sessionId)).taken).toHaveLength(2);
  });

  it('gains nothing by doing all at once: one page starts, and one still of a nonce is taken', async () => {
    const made = await make({ stills: 5 });
    const pages = Array.from({ length: 8 }, () => page(made));
    const starts = await Promise.all(pages.map((one) => one.start()));
    expect(starts.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(409)]);
    const at = starts.findIndex(({ status }) => status === 200);
    const { nonce } = await read(starts[at]!);
    const uploads = await Promise.all(pictures.map((bytes) => pages[at]!.upload(bytes, nonce)));
    expect(uploads.map(({ status }) => status).sort()).toEqual([200, ...Array(5).fill(409)]);
    const same = await Promise.all(Array.from({ length: 6 }, () => pages[at]!.upload(pictures[0]!, nonce)));
    for (const { status } of same) expect([200, 409]).toContain(status);
    expect((await view(made.sessionId)).taken).toHaveLength(1);
  });

  it('cannot pass a picture of another session off, by the MAC that was made there', async () => {
    const [one, other] = [await make(), await make()];
    const key = randomBytes(32).toString('base64url');
    const { nonce } = await read(await page(one, { key }).start());
    const elsewhere = await read(await page(other, { key }).start());
    const mac = createHmac('sha256', Buffer.from(key, 'base64url'))
      .update(`livestill-still-1\n${other.sessionId}\n${elsewhere.nonce}\n\n`)
      .update(pictures[0]!)
      .digest('base64url');
    const foreign = await page(one, { key }).upload(pictures[0]!, nonce, { 'livestill-mac': mac });
    expect(await problemOf(foreign)).toEqual([403, 'upload_refused', 'mac']);
  });

  it('who overheard the nonce too can end a session with wrong uploads, and nothing else comes of it', async () => {
    const made = await make();
    const { nonce } = await read(await page(made).start());
    const thief = page(made);
    expect(await problemOf(await thief.upload(pictures[0]!, 'A'.repeat(22)))).toEqual([
      409,
      'session_conflict',
      'nonce',
    ]);
    for (let n = 0; n < 20; n++) await thief.upload(pictures[0]!, nonce);
    expect(await view(made.sessionId)).toMatchObject({ state: 'exhausted', outcome: null, taken: [] });
  });

  it('is answered the same for a session that does not exist', async () => {
    const { token } = await make();
    const unknown = await page({
      sessionId: 'ses_AAAAAAAAAAAAAAAAAAAAAA',
      token,
      webhookSecret: null,
    }).start();
    expect(await problemOf(unknown)).toEqual([401, 'session_token_invalid']);
  });

  it('finds no session of another app with a key of its own', async () => {
    const { sessionId } = await make();
    await server.store.accounts.createApp(
      { appid: '1000002', name: 'other' },
      { secretId: 'AKIDother000000001', secretKey: 'k'.repeat(32) },
    );
    const key = await server.key({}, '1000002');
    expect(await view(sessionId, key)).toMatchObject({ status: 404, code: 'session_unknown' });
  });
});
