import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import sharp, { type Sharp } from 'sharp';
import { create } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { madeZip } from '../../src/batch/test-support/made.ts';
import type { BatchRow } from '../../src/batch/types.ts';
import { groupPhoto } from '../support/pictures.ts';

const bin = fileURLToPath(new URL('../../bin/livestill.js', import.meta.url));
const signalAtSize = new URL('./support/signal-at-size.mjs', import.meta.url).href;
const PICTURES = 6;
let folder: string;
const at = (...names: string[]) => join(folder, ...names);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-batch-test-'));
  await mkdir(at('pictures', 'more'), { recursive: true });
  const portrait = await sharp(await groupPhoto('sample4.jpg'))
    .extract({ left: 870, top: 20, width: 480, height: 640 })
    .resize(180, 240)
    .png()
    .toBuffer();
  const save = (name: string, picture: Sharp) => picture.jpeg({ quality: 90 }).toFile(at('pictures', name));
  await save('0.jpg', sharp(portrait));
  await save('1.jpg', sharp(portrait).flop());
  await save('2.jpg', sharp(portrait).linear(0.8, 0));
  await save('more/3.jpg', sharp(portrait).blur(6));
  await save('more/4.jpg', sharp({ create: { width: 120, height: 160, channels: 3, background: '#987' } }));
  await writeFile(at('pictures', 'more', '5.jpg'), 'no picture');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Ended {
  readonly status: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}
interface Options {
  readonly stdin?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Worker processes; one where nothing is given. */
  readonly workers?: number;
  /** It is sent a signal once a file has more bytes than that; with `group` its workers too, as by Ctrl-C on a terminal. */
  readonly signalAt?: { file: string; bytes: number; signal: NodeJS.Signals; group?: true };
}

async function batch(args: readonly string[], options: Options = {}): Promise<Ended> {
  const common = ['--profile', 'fast', '--workers', `${options.workers ?? 1}`];
  const { signalAt } = options;
  const told = signalAt === undefined ? {} : { SIGNAL_AT: JSON.stringify(signalAt) };
  const child = spawn(process.execPath, ['--import', signalAtSize, bin, 'batch', ...args, ...common], {
    cwd: folder,
    env: { ...process.env, ...options.env, ...told },
    detached: signalAt?.group === true,
  });
  let out = '';
  let err = '';
  child.stdout.on('data', (d: Buffer) => {
    out += d.toString();
  });
  child.stderr.on('data', (d: Buffer) => {
    err += d.toString();
  });
  child.stdin.on('error', () => {});
  child.stdin.end(options.stdin ?? '');
  const [status, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { status, signal, out, err };
}

async function rowsOf(name: string): Promise<BatchRow[]> {
  const text = await readFile(at(name), 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as BatchRow);
}
const sorted = (rows: readonly BatchRow[]) => [...rows].sort((a, b) => (a.key < b.key ? -1 : 1));
const sizeOf = (name: string) =>
  stat(at(name)).then(
    (s) => s.size,
    () => 0,
  );

describe('livestill batch', () => {
  it('judges a folder; summary, page and rows tell the same', async () => {
    const { status, out, err } = await batch(['pictures', '--out', 'folder.ndjson']);
    expect([status, err.includes('6 done in')]).toEqual([0, true]);
    const rows = sorted(await rowsOf('folder.ndjson'));
    expect(rows.map((r) => [r.key, r.code])).toEqual([
      ['0.jpg', 0],
      ['1.jpg', 0],
      ['2.jpg', 0],
      ['more/3.jpg', 0],
      ['more/4.jpg', -4015],
      ['more/5.jpg', -4016],
    ]);
    expect(rows[3]).toMatchObject({ verdict: 'poor_quality', profile: 'fast', threshold: 87 });
    expect(rows[3].reasons).toContain('BLURRED');
    expect(rows[0].quality.Sharpness).toBeGreaterThan(16);
    expect(out).toContain('6 pictures');
    expect(out).toMatch(/no_face +1/);
    const page = await readFile(at('folder.html'), 'utf8');
    expect(page).toContain('Batch of 6 pictures');
    expect(page.match(/<img alt="" src="data:image\/jpeg;base64,/g)).toHaveLength(3);
    expect((await readdir(folder)).filter((name) => /\.(?:tmp|lock)$/.test(name))).toEqual([]);
  });

  it.each([
    ['every picture judged', 240, ['--no-reuse']],
    ['equal pictures judged once', 6000, []],
  ])(
    'killed again and again, has each picture once: %s',
    async (_, n, options) => {
      const file = `killed-${n}.ndjson`;
      const list = Array.from({ length: n }, (_, i) => {
        const k = (i * 7) % PICTURES;
        return `pictures/${k < 3 ? '' : 'more/'}${k}.jpg`;
      });
      await writeFile(at('list.txt'), list.join('\n'));
      const args = ['list.txt', '--out', file, '--quiet', '--no-report', ...options];
      const before: number[] = [];
      for (let kill = 1; kill <= 4; kill++) {
        const start = await sizeOf(file);
        const { signal } = await batch(args, {
          workers: 2,
          signalAt: { file, bytes: start + 20_000, signal: 'SIGKILL' },
        });
        expect(signal).toBe('SIGKILL');
        // What a power cut may leave behind the last row.
        if (kill === 2) await writeFile(at(file), '{"key":"torn', { flag: 'a' });
        before.push(await sizeOf(file));
      }
      expect(before).toEqual([...before].sort((a, b) => a - b));
      expect((await batch(args, { workers: 2 })).status).toBe(0);
      const rows = await rowsOf(file);
      expect(new Set(rows.map((r) => r.key)).size).toBe(rows.length);
      expect(rows.map((r) => r.key).sort()).toEqual(list.map((p, i) => `${i + 1}:${p}`).sort());
      // The same picture has the same row, whichever run judged it.
      const byPicture = new Map<string, string>();
      for (const { key: _, sameAs: __, ...rest } of rows) {
        const text = JSON.stringify(rest);
        expect(byPicture.get(rest.picture) ?? text).toBe(text);
        byPicture.set(rest.picture, text);
      }
      // What a row is taken from stands above it, was judged itself and has the same bytes.
      const above = new Map<string, string | null>();
      for (const { key, sha256, sameAs } of rows) {
        if (sameAs === null) above.set(key, sha256);
        else expect(above.get(sameAs)).toBe(sha256);
      }
      if (options.length > 0) expect(above.size).toBe(n);
      else expect(above.size).toBeLessThan(n / 20);
      const size = await sizeOf(file);
      expect((await batch(args)).status).toBe(0);
      expect(await sizeOf(file)).toBe(size);
    },
    300_000,
  );

  it('stopped by SIGINT, finishes what it has begun, says so, and goes on later', async () => {
    const list = Array.from({ length: 60 }, () => 'pictures/0.jpg').join('\n');
    await writeFile(at('stopped.txt'), list);
    const args = ['stopped.txt', '--out', 'stopped.csv', '--no-reuse'];
    const { status, err } = await batch(args, {
      workers: 2,
      signalAt: { file: 'stopped.csv.ndjson', bytes: 5000, signal: 'SIGINT', group: true },
    });
    expect([status, err.includes('the same command goes on')]).toEqual([130, true]);
    const partly = await rowsOf('stopped.csv.ndjson');
    expect(partly.length).toBeLessThan(60);
    expect(partly.map((r) => r.code)).toEqual(partly.map(() => 0));
    expect(await sizeOf('stopped.csv')).toBe(0);
    expect(await readFile(at('stopped.html'), 'utf8')).toContain('stopped before its end');
    const again = await batch(args);
    expect(again.status).toBe(0);
    expect(again.err).toContain(
      `${partly.length === 1 ? '1 picture' : `${partly.length} pictures`} judged already`,
    );
    expect(again.err).toContain(`${60 - partly.length} done in`);
    expect((await readFile(at('stopped.csv'), 'utf8')).trim().split('\n')).toHaveLength(61);
  });

  it('judges a zip and a tar as it judges the folder; Parquet has the same rows', async () => {
    const names = ['0.jpg', '1.jpg', '2.jpg', 'more/3.jpg', 'more/4.jpg', 'more/5.jpg'];
    const entries = await Promise.all(
      names.map(async (name) => [name, await readFile(at('pictures', name))] as const),
    );
    await writeFile(at('all.zip'), madeZip(entries));
    await create({ cwd: at('pictures'), file: at('all.tgz'), gzip: true }, names);
    const folderRows = sorted(await rowsOf('folder.ndjson'));
    expect((await batch(['all.zip', '--out', 'zip.ndjson', '--no-thumbnails'])).status).toBe(0);
    expect(sorted(await rowsOf('zip.ndjson'))).toEqual(folderRows);
    expect(await readFile(at('zip.html'), 'utf8')).not.toContain('<img');
    expect((await batch(['all.tgz', '--out', 'tar.parquet'])).status).toBe(0);
    const objects = await parquetReadObjects({ file: await asyncBufferFromFile(at('tar.parquet')) });
    expect(objects.map((o) => [o.key, o.score ?? null, o.verdict ?? null]).sort()).toEqual(
      folderRows.map((r) => [r.key, r.score, r.verdict]),
    );
  });

  it('refuses to mix: other settings, foreign files, unknown formats', async () => {
    const other = await batch(['pictures', '--out', 'folder.ndjson', '--threshold', '90']);
    expect([other.status, other.err]).toEqual([
      2,
      expect.stringContaining('begun with threshold 87, this run has 90'),
    ]);
    await copyFile(at('pictures', '0.jpg'), at('mine.ndjson'));
    const foreign = await batch(['pictures', '--out', 'mine.ndjson']);
    expect([foreign.status, foreign.err]).toEqual([2, expect.stringContaining('was not made by a batch')]);
    expect(await readFile(at('mine.ndjson'))).toEqual(await readFile(at('pictures', '0.jpg')));
    const format = await batch(['pictures', '--out', 'results.xlsx']);
    expect([format.status, format.err]).toEqual([2, expect.stringContaining('expected --out to end in')]);
    const missing = await batch(['nothing-here', '--out', 'm.ndjson']);
    expect([missing.status, missing.err]).toEqual([
      2,
      expect.stringContaining('found nothing at nothing-here'),
    ]);
  });

  describe('with urls', () => {
    let server: Server;
    let origin: string;
    beforeAll(async () => {
      const picture = await readFile(at('pictures', '0.jpg'));
      server = createServer((request, answer) => {
        if (request.url === '/a.jpg') answer.writeHead(200, { 'content-type': 'image/jpeg' }).end(picture);
        else answer.writeHead(404).end();
      });
      server.listen(0, '127.0.0.1');
      await once(server, 'listening');
      origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    });
    afterAll(() => {
      server?.close();
    });

    it('fetches what the configuration allows, from a list on standard input', async () => {
      const stdin = `${origin}/a.jpg\n{"url":"${origin}/missing.jpg"}\n`;
      const { port } = new URL(origin);
      const env = { LIVESTILL_DOWNLOAD_ALLOW_PRIVATE: '127.0.0.1', LIVESTILL_DOWNLOAD_PORTS: port };
      const { status, err } = await batch(['-', '--out', 'urls.ndjson', '--no-report'], { stdin, env });
      expect([status, err]).toEqual([0, expect.any(String)]);
      const rows = sorted(await rowsOf('urls.ndjson'));
      expect(rows.map((r) => [r.code, r.failure])).toEqual([
        [0, null],
        [-5805, 'http_404'],
      ]);
    });

    it('reaches nothing private without that', async () => {
      const { status } = await batch(['-', '--out', 'private.ndjson', '--no-report', '--quiet'], {
        stdin: `${origin}/a.jpg\n`,
      });
      expect(status).toBe(0);
      const [row] = await rowsOf('private.ndjson');
      expect(row.code).toBe(-5805);
      expect(['port', 'loopback']).toContain(row.failure?.replace('_address', ''));
    });
  });
});
