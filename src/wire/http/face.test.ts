import { Writable } from 'node:stream';
import { expect, it } from 'vitest';
import { Fault } from '../../faults.ts';
import { faultEnvelope } from './envelope.ts';
import type { Face } from './face.ts';
import { createLog } from './log.ts';
import { createServer } from './server.ts';
import { DEFAULT_TRANSPORT } from './transport-settings.ts';

const text = (http: number, words: string) => ({
  http,
  kind: null,
  message: words,
  data: {},
  headers: {},
  body: { contentType: 'text/plain', bytes: Buffer.from(words) },
});

/** An API that nobody knows: it says the time of day, and its faults in capital letters. */
const clockFace: Face = {
  owns: (path) => path.startsWith('/clock'),
  early: ({ method }) => (method === 'GET' ? null : text(405, 'ONLY GET')),
  async handle({ request }) {
    if (request.url === '/clock/broken') return faultEnvelope(new Fault('busy', 'queue_full', 'x'));
    return text(200, 'noon');
  },
  form: (_request, { http, kind }) => text(http, String(kind).toUpperCase()),
};
const silentFace: Face = { owns: (path) => path === '/silent', handle: async () => text(204, '') };

async function started(): Promise<{ readonly url: string; stop(): Promise<unknown> }> {
  const server = createServer({
    faces: [silentFace, clockFace],
    log: createLog('silent', new Writable({ write: (_chunk, _encoding, done) => done() })),
    settings: {
      cors: { origins: [] },
      trustedProxies: [],
      trustRequestId: true,
      transport: { ...DEFAULT_TRANSPORT, maxHeaders: 20 },
    },
  });
  const port = await server.listen('127.0.0.1', 0);
  return { url: `http://127.0.0.1:${port}`, stop: () => server.drain(100) };
}

it('an API that is mounted answers its paths, and the faults on them in its own form', async () => {
  const { url, stop } = await started();
  try {
    const ask = async (path: string, init?: RequestInit) => {
      const response = await fetch(url + path, init);
      return [response.status, await response.text()];
    };
    expect(await ask('/clock')).toEqual([200, 'noon']);
    expect(await ask('/clock?x=1')).toEqual([200, 'noon']);
    expect(await ask('/clock', { method: 'POST', body: 'x' })).toEqual([405, 'ONLY GET']);
    expect(await ask('/clock/broken')).toEqual([503, 'BUSY']);
    const many = Object.fromEntries(Array.from({ length: 30 }, (_, n) => [`x-${n}`, '1']));
    expect(await ask('/clock', { headers: many })).toEqual([431, 'HEADERS_TOO_LARGE']);
    // A path that no API owns is told as the old call does.
    expect(await ask('/other')).toEqual([
      404,
      '{"code":3,"message":"invalid request: no such path","data":{}}',
    ]);
  } finally {
    await stop();
  }
});
