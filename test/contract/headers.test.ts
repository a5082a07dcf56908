import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { captureVersion } from '../../src/liveness/quality/capture.ts';
import { reason } from '../../src/liveness/reasons.ts';
import { appid, appOf, pairOf, secretId, signature } from './support/accounts.ts';
import { judgementOf, noFace } from './support/judge.ts';
import { exchange, post } from './support/raw.ts';
import { startTestServer, type TestServer, type TestServerOptions } from './support/server.ts';

const body = `{"appid":"${appid}","image":"${Buffer.from('a picture').toString('base64')}"}`;
const good = (...headers: string[]) =>
  post(['Content-Type: application/json', `Authorization: ${signature()}`, ...headers], body);

async function withServer<T>(options: TestServerOptions, use: (test: TestServer) => Promise<T>): Promise<T> {
  const test = await startTestServer(options);
  try {
    return await use(test);
  } finally {
    await test.stop();
  }
}

describe('X-Request-Id', () => {
  let test: TestServer;
  beforeAll(async () => {
    test = await startTestServer();
  });
  afterAll(() => test.stop());

  it.each(['a', '7', '3f2504e0-4f89-11d3-9a0c-0305e82c3301', 'Root=1-67891233:x', 'a'.repeat(128)])(
    'taken: %s',
    async (id) => {
      const answer = await exchange(test.port, good(`X-Request-Id: ${id}`));
      expect(answer.headers['x-request-id']).toBe(id);
      expect(test.lines.at(-1)).toMatchObject({ requestId: id });
      expect(test.ledger.rows.at(-1)).toMatchObject({ requestId: id });
    },
  );

  it.each(['', '-a', 'a b', 'a"b', 'a,b', '{}', '\xe9', '<script>', 'a'.repeat(129), 'a\r\nX-Request-Id: b'])(
    'made anew instead of %j',
    async (id) => {
      const answer = await exchange(test.port, good(`X-Request-Id: ${id}`));
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4/);
    },
  );

  it('differs from request to request', async () => {
    const ids = new Set<string | undefined>();
    for (let count = 0; count < 20; count++) {
      ids.add((await exchange(test.port, good())).headers['x-request-id']);
    }
    expect(ids.size).toBe(20);
  });

  it('is made by the server alone where callers are not trusted with it', () =>
    withServer({ settings: { trustRequestId: false } }, async ({ port }) => {
      const answer = await exchange(port, good('X-Request-Id: mine'));
      expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    }));
});

describe('CORS', () => {
  const ask = [
    'OPTIONS /face/livedetectpicture HTTP/1.1',
    'Host: a',
    'Access-Control-Request-Method: POST',
    'Access-Control-Request-Headers: authorization,content-type',
  ];
  const preflight = (origin: string) => `${[...ask, `Origin: ${origin}`].join('\r\n')}\r\n\r\n`;
  const cors = (headers: Readonly<Record<string, string>>) =>
    Object.entries(headers).filter(([name]) => name.startsWith('access-control') || name === 'vary');

  it('is off: no header, and a preflight is an ordinary wrong method', () =>
    withServer({}, async ({ port }) => {
      const asked = await exchange(port, preflight('https://a.example'));
      expect([asked.status, cors(asked.headers)]).toEqual([405, []]);
      expect(cors((await exchange(port, good('Origin: https://a.example'))).headers)).toEqual([]);
    }));

  it('lets listed origins in and no others', () =>
    withServer(
      { settings: { cors: { origins: ['https://a.example', 'http://b.example:8080'] } } },
      async ({ port }) => {
        for (const origin of ['https://a.example', 'http://b.example:8080']) {
          const asked = await exchange(port, preflight(origin));
          expect([asked.status, asked.body]).toEqual([200, '{"code":0,"message":"OK","data":{}}']);
          expect(asked.headers).toMatchObject({
            'access-control-allow-origin': origin,
            'access-control-allow-methods': 'POST',
            'access-control-allow-headers': 'authorization, content-type, x-request-id',
            vary: 'origin',
          });
          const answer = await exchange(port, good(`Origin: ${origin}`));
          expect(answer.headers).toMatchObject({
            'access-control-allow-origin': origin,
            'access-control-expose-headers':
              'x-request-id, x-liveness-reason, x-liveness-raw-score, x-liveness-faces, retry-after',
            vary: 'origin',
          });
        }
        for (const origin of [
          'https://a.example.evil',
          'http://a.example',
          'https://A.example:443',
          'null',
        ]) {
          const asked = await exchange(port, preflight(origin));
          expect([asked.status, cors(asked.headers)]).toEqual([405, [['vary', 'origin']]]);
          const answer = await exchange(port, good(`Origin: ${origin}`));
          expect(cors(answer.headers)).toEqual([['vary', 'origin']]);
        }
      },
    ));

  it('lets every origin in with *, and refusals can be read too', () =>
    withServer({ settings: { cors: { origins: ['*'] } } }, async ({ port }) => {
      const answer = await exchange(port, post(['Origin: https://any.example'], ''));
      expect([answer.json.code, answer.headers['access-control-allow-origin']]).toEqual([3, '*']);
    }));
});

describe("the caller's address", () => {
  const address = (trustedProxies: string[], ...headers: string[]) =>
    withServer({ settings: { trustedProxies } }, async ({ port, ledger, lines }) => {
      await exchange(port, good(...headers));
      expect(lines.at(-1)).toMatchObject({ callerAddress: ledger.rows[0]?.callerAddress });
      return ledger.rows[0]?.callerAddress;
    });

  it('is the connection, whatever the headers say, while no proxy is trusted', async () => {
    expect(await address([], 'X-Forwarded-For: 1.2.3.4', 'Forwarded: for=1.2.3.4')).toBe('127.0.0.1');
  });

  it.each([
    ['the one before the trusted proxy', '203.0.113.7', '203.0.113.7'],
    ['the last one that no trusted proxy has', '1.1.1.1, 203.0.113.7, 10.9.9.9', '203.0.113.7'],
    ['an IPv6 one', '2001:db8::1', '2001:db8::1'],
    ['an IPv4 one inside IPv6', '::ffff:203.0.113.7', '203.0.113.7'],
    ['the one in front of a port', '203.0.113.7:51234', '203.0.113.7'],
    ['the one in brackets in front of a port', '[2001:db8::9]:443', '2001:db8::9'],
    ['unknown, where the header says so', 'unknown', 'unknown'],
    ['unknown, where the header holds rubbish', '"><script>', 'unknown'],
    ['unknown, where the header is empty', '', 'unknown'],
  ])('is %s', async (_name, header, expected) => {
    expect(await address(['127.0.0.1', '10.0.0.0/8'], `X-Forwarded-For: ${header}`)).toBe(expected);
  });

  it('is the proxy itself, where it says nothing', async () =>
    expect(await address(['127.0.0.1'])).toBe('127.0.0.1'));

  it('is read of Forwarded too', async () =>
    expect(await address(['127.0.0.1'], 'Forwarded: for="[2001:db8::9]:443"')).toBe('2001:db8::9'));

  it('is the connection when it does not come from a trusted proxy', async () => {
    expect(await address(['10.0.0.0/8'], 'X-Forwarded-For: 203.0.113.7')).toBe('127.0.0.1');
  });
});

describe('many headers', () => {
  it('are refused where they are too many, and a proxy cannot be silenced by them', () =>
    withServer({ settings: { trustedProxies: ['127.0.0.1'] } }, async ({ port, ledger }) => {
      const short = Array.from({ length: 997 }, (_, at) => `a${at}: 1`);
      const refused = await exchange(port, good(...short, 'X-Forwarded-For: 203.0.113.7'));
      expect([refused.status, refused.json.code]).toEqual([431, 3]);
      expect(ledger.rows).toEqual([]);
      const fine = await exchange(port, good(...short.slice(0, 150), 'X-Forwarded-For: 203.0.113.7'));
      expect([fine.status, ledger.rows[0]?.callerAddress]).toEqual([200, '203.0.113.7']);
    }));
});

describe('Content-Encoding', () => {
  it.each(['gzip', 'x-gzip', 'deflate', 'br', 'zstd', 'identity, GZIP'])(
    '%s is code 3, and the log names it, even where the body is one that parses',
    (coding) =>
      withServer({}, async ({ port, lines, judge }) => {
        const answer = await exchange(port, good(`Content-Encoding: ${coding}`));
        expect([answer.status, answer.json.code]).toEqual([400, 3]);
        expect(answer.json.message).toBe('invalid request: parsing error - check content-type and body');
        expect(lines.at(-1)).toMatchObject({
          reason: 'content_encoding',
          detail: expect.stringContaining(coding),
        });
        expect(judge.options).toEqual([]);
      }),
  );

  it.each(['identity', '', 'utf-8', 'base64'])('%j changes nothing: the body is as it was sent', (coding) =>
    withServer({}, async ({ port }) => {
      expect((await exchange(port, good(`Content-Encoding: ${coding}`))).json.code).toBe(0);
    }),
  );
});

describe('compatibility switches', () => {
  it('sessionId puts session_id in front of score', () =>
    withServer({ settings: { compat: { sessionId: true, noFace: 'error' } } }, async ({ port }) => {
      const answer = await exchange(port, good('X-Request-Id: s-1'));
      expect(answer.body).toBe('{"code":0,"message":"OK","data":{"session_id":"s-1","score":93}}');
    }));

  it('noFace score-zero answers code 0 with score 0, and says so in header and ledger', () =>
    withServer({ settings: { compat: { sessionId: false, noFace: 'score-zero' } } }, async (test) => {
      test.judge.answer = () => noFace;
      const answer = await exchange(test.port, good());
      expect(answer.body).toBe('{"code":0,"message":"OK","data":{"score":0}}');
      expect(answer.headers['x-liveness-reason']).toBe('no_face');
      expect(test.ledger.rows).toMatchObject([{ code: 0, score: 0, rawScore: null, verdict: 'no_face' }]);
    }));

  it('bodySign lets the sign member stand in, only while the header is missing', () =>
    withServer({ signature: { bodySign: true } }, async ({ port }) => {
      const signed = JSON.stringify({ ...JSON.parse(body), sign: signature() });
      const type = 'Content-Type: application/json';
      expect((await exchange(port, post([type], signed))).json.code).toBe(0);
      expect((await exchange(port, post([type, 'Authorization: AAAA'], signed))).json.code).toBe(5);
    }));
});

describe("an app's policy", () => {
  it('reaches the judge', () =>
    withServer(
      {
        apps: [appOf(appid, { policy: { threshold: 92, profile: 'fast', capture: 'strict', review: null } })],
        pairs: [pairOf(secretId, appid)],
      },
      async ({ port, judge }) => {
        await exchange(port, good());
        expect(judge.options).toMatchObject([{ threshold: 92, profile: 'fast', capture: 'strict' }]);
      },
    ));

  it('is left to the engine where the app has none', () =>
    withServer({}, async ({ port, judge }) => {
      await exchange(port, good());
      expect(Object.keys(judge.options[0] ?? {})).toEqual(['app', 'signal', 'onTaken']);
    }));

  it.each([
    { verdict: 'attack', score: 92, threshold: 95, answered: 84 },
    { verdict: 'attack', score: 95, threshold: 95, answered: 87 },
    { verdict: 'live', score: 96, threshold: 95, answered: 90 },
    { verdict: 'live', score: 80, threshold: 75, answered: 90 },
    { verdict: 'poor_quality', score: 99, threshold: 95, answered: 60 },
  ] as const)('lies at 87 in the score that is answered: $score under $threshold is $answered', (row) =>
    withServer({}, async (test) => {
      const { verdict, score, threshold, answered } = row;
      test.judge.answer = () => judgementOf({ verdict, rawScore: score, threshold });
      const { headers, json } = await exchange(test.port, good());
      expect(json.data).toEqual({ score: answered });
      expect(headers['x-liveness-raw-score']).toBe(String(score));
      expect(headers['x-liveness-reason']).toBe(verdict === 'live' ? undefined : verdict);
      expect(test.ledger.rows).toMatchObject([{ verdict, score: answered, rawScore: score }]);
    }),
  );

  it('answers a picture that a capture preset refuses as any other that is too poor: code 0, at most 60', () =>
    withServer({}, async (test) => {
      const codes = [
        'FACE_TOO_SMALL',
        'EYES_TOO_CLOSE',
        'HEAD_TURNED_FAR',
        'PICTURE_HEIGHT_TOO_SMALL',
      ] as const;
      const reasons = codes.map((code) => reason(code));
      test.judge.answer = () =>
        judgementOf({ verdict: 'poor_quality', rawScore: 99, capture: 'strict', reasons });
      const { status, headers, json } = await exchange(test.port, good());
      expect(status).toBe(200);
      expect(json).toMatchObject({ code: 0, data: { score: 60 } });
      expect(headers['x-liveness-reason']).toBe('poor_quality');
      expect(test.ledger.rows).toMatchObject([
        {
          code: 0,
          verdict: 'poor_quality',
          reasons: codes,
          explanation: { policy: { content: { capture: captureVersion('strict') } } },
        },
      ]);
    }));

  it('has no score to report in a header where no face was judged', () =>
    withServer({}, async (test) => {
      test.judge.answer = () => noFace;
      expect((await exchange(test.port, good())).headers).not.toHaveProperty('x-liveness-raw-score');
    }));
});
