import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signText } from '../contract/support/accounts.ts';
import { livestill, makeApp, serve, withFolder } from '../contract/support/process.ts';

const noise = randomBytes(400_000);
const quick = { params: { [constants.BROTLI_PARAM_QUALITY]: 1 } };
const packed = { gzip: gzipSync(noise), br: brotliCompressSync(noise, quick) };
const shapes = ['length', 'no-length', 'http10'] as const;

/** Compressed answers whose connection ends at once behind them: an HTTP client that pauses its parser is ended by these. */
const server = createServer((socket) => {
  socket
    .on('error', () => {})
    .once('data', (request: Buffer) => {
      const [, coding = '', shape = ''] =
        /^GET \/([a-z]+)\/([a-z0-9-]+)/.exec(request.toString('latin1')) ?? [];
      const body = packed[coding as keyof typeof packed];
      const lines = [
        `HTTP/1.${shape === 'http10' ? 0 : 1} 200 OK`,
        `Content-Encoding: ${coding}`,
        'Connection: close',
      ];
      if (shape === 'length') lines.push(`Content-Length: ${body.length}`);
      socket.write(`${lines.join('\r\n')}\r\n\r\n`);
      socket.end(body);
    });
});
let port: number;
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  port = (server.address() as AddressInfo).port;
});
afterAll(() => void server.close());

const urls = () =>
  Object.keys(packed).flatMap((coding) =>
    shapes.map((shape) => `http://127.0.0.1:${port}/${coding}/${shape}`),
  );

const configIn = async (folder: string) => {
  const file = join(folder, 'config.json');
  await writeFile(file, JSON.stringify({ download: { allowPrivate: ['127.0.0.1'], ports: [port] } }));
  return file;
};

describe('compressed answers whose connection ends at once', () => {
  it('cost the service nothing but their download', () =>
    withFolder(async (folder) => {
      const data = join(folder, 'data');
      const { appid, secretId, secretKey } = await makeApp(data);
      const service = await serve(data, ['--config', await configIn(folder), '--workers', '1'], {
        LIVESTILL_PROFILE: 'fast',
      });
      const now = Math.floor(Date.now() / 1000);
      const plain = `a=${appid}&b=b&k=${secretId}&e=${now + 600}&t=${now}&r=1&u=0&f=`;
      try {
        for (const url of urls()) {
          const answer = await fetch(`http://127.0.0.1:${service.port}/face/livedetectpicture`, {
            method: 'POST',
            headers: { authorization: signText(plain, secretKey), 'content-type': 'application/json' },
            body: JSON.stringify({ appid, url }),
          });
          // Fetched, and found to be no picture.
          expect([url, (await answer.json()) as unknown]).toEqual([
            url,
            expect.objectContaining({ code: -4016 }),
          ]);
        }
        expect(service.lines().filter(({ event }) => event === 'uncaught')).toEqual([]);
      } finally {
        expect(await service.stop()).toBe(0);
      }
    }));

  it('cost a batch nothing but their rows', () =>
    withFolder(async (folder) => {
      const list = join(folder, 'list.txt');
      await writeFile(list, `${urls().join('\n')}\n`);
      const out = join(folder, 'rows.ndjson');
      const config = await configIn(folder);
      const args = ['--workers', '1', '--profile', 'fast', '--no-report', '--no-reuse', '--config', config];
      const run = livestill(['batch', list, '--out', out, ...args]);
      expect([await run.ended, run.stderr()]).toEqual([0, expect.stringContaining(`${urls().length} done`)]);
    }));
});
