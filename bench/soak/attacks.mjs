/** Callers who mean harm. Each entry: kind, how long it rests between two tries in ms, and one try. */
import { head, json, legacy, pipelined } from '../routes.mjs';
import { bare, call } from './clients.mjs';
import { codings, ends, framings, oddities, redirects } from './foreign.mjs';
import { cut, form, formType, MiB, spoilt, turns } from './inputs.mjs';

/** What an `X-Forwarded-For` or `Forwarded` may hold that is no plain address. */
const odd = [
  ['X-Forwarded-For', '203.0.113.9:51234'],
  ['X-Forwarded-For', '[2001:db8::9]:443'],
  ['X-Forwarded-For', 'unknown'],
  ['X-Forwarded-For', `${'6.6.6.6,'.repeat(1500)}010.0.0.1`],
  ['X-Forwarded-For', '\x9b31m, ::ffff:10.0.0.1%eth0'],
  ['Forwarded', 'for="[2001:db8::9]:443";proto=https, for=unknown'],
  ['Forwarded', `for="${'\\"'.repeat(4000)}`],
];

/** Attacks on the service that is reached in the clear. */
export function attacksOn(world, service) {
  const { url } = service;
  const { greedy } = service.apps;
  const admin = service.admin;
  const v1 = new URL('/v1/liveness', url);
  const signed = { authorization: greedy.authorization };
  const asJson = { ...signed, 'content-type': 'application/json' };
  const asForm = { ...signed, 'content-type': formType };
  const text = (value) => Buffer.from(value);
  const post = (kind, headers, body) => call(world, kind, { url, headers, body });
  const raw = (kind, ms, bytes, more = {}) =>
    bare(world, kind, { url, ms, write: (socket) => socket.write(bytes, 'latin1'), ...more });
  const fetched = (kind, host, path) =>
    post(kind, asJson, text(JSON.stringify({ appid: greedy.appid, url: world.foreign.url(host, path) })));

  const nextRoute = turns(Object.keys(pipelined));
  const nextCoded = turns(
    codings.flatMap((a) => framings.flatMap((b) => ends.map((c) => `/coded/${a}/${b}/${c}`))),
  );
  const nextRedirect = turns(redirects);
  const nextOddity = turns(oddities);
  const nextForwarded = turns(odd);
  const nextHost = turns(Array.from({ length: 40 }, (_, at) => `127.0.7.${at + 1}`));
  let number = 0;

  const deaf = (read) => {
    const name = nextRoute();
    const request = pipelined[name];
    const bytes = Buffer.from(request.repeat(Math.ceil((64 * 1024) / request.length)));
    const method = name.startsWith('HEAD') ? 'HEAD' : 'GET';
    return raw(
      `pipelined, ${read === 'none' ? 'unread' : `read ${read}`}`,
      read === 'none' ? 40_000 : 8000,
      bytes,
      {
        url: name.startsWith('admin') ? admin : url,
        read,
        method,
        plain: name.startsWith('admin'),
      },
    );
  };
  const forwarded = () => {
    const [name, value] = nextForwarded();
    return raw(
      'odd forwarding headers',
      5000,
      `${head(legacy, json, `${name}: ${value}`, 'Connection: close', 'Content-Length: 2')}{}`,
      {
        from: world.proxy,
      },
    );
  };
  const thousandsOfHeaders = () =>
    raw(
      'thousands of headers',
      5000,
      head(legacy, 'Connection: close', ...Array(3000).fill('a:'), 'X-Forwarded-For: 6.6.6.6'),
      {
        from: world.proxy,
      },
    );
  const escapedNames = () => {
    const body = `{${'"\\u0069":1,'.repeat((5.9 * MiB) / 11)}"appid":"1"}`;
    return post('escaped JSON names', asJson, text(body));
  };
  const announced = () =>
    Promise.all(
      Array.from({ length: 50 }, () =>
        raw('6 MiB announced', 2500, `${head(legacy, json, `Content-Length: ${6 * MiB}`)}{`),
      ),
    );
  const keptAnswer = () =>
    call(world, 'idempotency flood', {
      url: v1,
      headers: {
        authorization: greedy.bearer,
        'content-type': 'image/jpeg',
        'idempotency-key': `flood-${number++}`,
      },
      body: text(`no picture ${number}`),
    });
  const flood = () =>
    Promise.all(
      Array.from({ length: 12 }, () =>
        post('greedy app', asForm, form(['appid', greedy.appid], ['image', world.picture])),
      ),
    );

  return [
    ...[20, 30, 40].map((rest) => ['pipelined, unread', rest, () => deaf('none')]),
    ['pipelined, read slow', 50, () => deaf('slow')],
    ['pipelined, read all', 300, () => deaf('all')],
    ['coded answers', 20, () => fetched('coded answers', '127.0.5.1', nextCoded())],
    [
      'redirects to a victim',
      20,
      () => fetched('redirects to a victim', '127.0.6.1', `/redirect/${nextRedirect()}`),
    ],
    ['foreign log bytes', 20, () => fetched('foreign log bytes', '127.0.8.1', `/odd/${nextOddity()}`)],
    ...Array.from({ length: 40 }, () => [
      'slow urls',
      10,
      () => fetched('slow urls', nextHost(), `/slow.jpg?${number++}`),
    ]),
    [
      '= flood',
      100,
      () => post('= flood', { ...asJson, authorization: '='.repeat(8000) }, text('{"appid":"1"}')),
    ],
    ['escaped JSON names', 400, escapedNames],
    ['odd forwarding headers', 30, forwarded],
    ['thousands of headers', 100, thousandsOfHeaders],
    ['two Host headers', 50, () => raw('two Host headers', 3000, head('GET /v1/none HTTP/1.1', 'Host: b'))],
    ['6 MiB announced', 100, announced],
    ['idempotency flood', 5, keptAnswer],
    ['greedy app', 5, flood],
    [
      'spoilt picture',
      30,
      () => post('spoilt picture', asForm, form(['appid', greedy.appid], ['image', spoilt(world.picture)])),
    ],
    [
      'cut picture',
      30,
      () => post('cut picture', asForm, form(['appid', greedy.appid], ['image', cut(world.pictures)])),
    ],
    [
      'names with controls',
      100,
      () =>
        post(
          'names with controls',
          asForm,
          form(['appid', greedy.appid], ['image\x1b[2J"; filename="\x1b]0;a\x07', world.picture]),
        ),
    ],
    ['no picture', 50, () => post('no picture', asJson, text(`{"appid":"${greedy.appid}"}`))],
    [
      'bad signature',
      50,
      () => post('bad signature', { ...asJson, authorization: 'AAAA' }, text('{"appid":"1"}')),
    ],
    ['bad JSON', 50, () => post('bad JSON', asJson, text('{"appid":'))],
    [
      'deep JSON',
      300,
      () =>
        post('deep JSON', asJson, text(`{"appid":"1","image":${'['.repeat(50_000)}${']'.repeat(50_000)}}`)),
    ],
    [
      'many parts',
      200,
      () => post('many parts', asForm, form(...Array.from({ length: 2000 }, () => ['y', '']))),
    ],
    ['too large', 500, () => post('too large', asForm, Buffer.alloc(7 * MiB))],
    [
      'chunks without end',
      300,
      () =>
        raw(
          'chunks without end',
          5000,
          `${head(legacy, json, 'Transfer-Encoding: chunked')}${`1000\r\n${' '.repeat(4096)}\r\n`.repeat(500)}`,
        ),
    ],
    ['broken off', 50, () => raw('broken off', 30, `${head(legacy, json, 'Content-Length: 100000')}abc`)],
    ['noise', 50, () => raw('noise', 5000, '\x16\x03\x01 hello\r\n\r\n')],
    ['slow headers', 200, () => raw('slow headers', 20_000, `${legacy}\r\nHost`)],
    ['slow body', 200, () => raw('slow body', 20_000, `${head(legacy, json, 'Content-Length: 5000000')}{`)],
    [
      'offers another protocol',
      200,
      () =>
        raw(
          'offers another protocol',
          3000,
          `${head(legacy, json, 'Upgrade: h2c', 'Connection: Upgrade', 'Content-Length: 2')}{}`,
        ),
    ],
  ];
}

/** Attacks on the service that speaks HTTPS, which limits failed tries as it does by default. */
export function attacksOverTls(world, service) {
  const { url } = service;
  const write = (bytes) => (socket) => socket.write(bytes);
  const nextRoute = turns(Object.keys(pipelined).filter((name) => !/admin|HEAD/.test(name)));
  const deaf = () => {
    const request = pipelined[nextRoute()];
    return bare(world, 'TLS: pipelined, unread', {
      url,
      tls: true,
      read: 'none',
      ms: 40_000,
      write: write(request.repeat(Math.ceil((64 * 1024) / request.length))),
    });
  };
  const guess = () =>
    bare(world, 'TLS: guesses', {
      url,
      tls: true,
      from: '127.0.0.66',
      ms: 5000,
      write: write(
        `${head(legacy, json, 'Authorization: AAAA', 'Connection: close', 'Content-Length: 13')}{"appid":"1"}`,
      ),
    });
  return [
    [
      'plain HTTP',
      50,
      () =>
        bare(world, 'TLS: plain HTTP', { url, ms: 3000, plain: true, write: write(head('GET / HTTP/1.1')) }),
    ],
    [
      'no handshake',
      200,
      () =>
        bare(world, 'TLS: no handshake', {
          url,
          ms: 3000,
          plain: true,
          write: write('\x16\x03\x01\x02\x00'),
        }),
    ],
    ['pipelined, unread', 100, deaf],
    ['guesses', 10, guess],
  ];
}
