import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { create } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Fault } from '../../faults.ts';
import { DEFAULT_LIMITS } from '../../picture/decode/decode.ts';
import { madeZip } from '../test-support/made.ts';
import type { BatchSource } from '../types.ts';
import { openSource } from './open.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-sources-'));
  await mkdir(join(folder, 'pictures', 'deep', 'deeper'), { recursive: true });
  await writeFile(join(folder, 'pictures', 'a.jpg'), 'A');
  await writeFile(join(folder, 'pictures', 'deep', 'b.PNG'), 'B');
  await writeFile(join(folder, 'pictures', 'deep', 'deeper', 'ç 人.webp'), 'C');
  await writeFile(join(folder, 'pictures', 'notes.txt'), 'no picture');
  await writeFile(join(folder, 'pictures', '._a.jpg'), 'of macOS');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const never = new AbortController().signal;
const options = {
  stdin: Readable.from([]) as unknown as NodeJS.ReadableStream,
  downloader: null,
  signal: never,
};
const at = (name: string) => join(folder, name);
async function put(name: string, content: string | Uint8Array): Promise<string> {
  await writeFile(at(name), content);
  return at(name);
}

async function contents(source: BatchSource): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const item of source.items()) {
    found[item.key] = await item.read(never).then(
      (bytes) => Buffer.from(bytes).toString(),
      (error: Fault) => `${error.kind} ${error.reason}`,
    );
  }
  return found;
}
const three = { 'a.jpg': 'A', 'deep/b.PNG': 'B', 'deep/deeper/ç 人.webp': 'C' };

describe('a folder', () => {
  it('gives the pictures below it, and is there a second time', async () => {
    const source = await openSource(at('pictures'), options);
    expect(await contents(source)).toEqual(three);
    expect(await contents(source)).toEqual(three);
  });

  it('does not follow links in a circle', async () => {
    await mkdir(at('circle'));
    await symlink('.', join(at('circle'), 'round.jpg'));
    await symlink('..', join(at('circle'), 'up'));
    expect(await contents(await openSource(at('circle'), options))).toEqual({
      'round.jpg': 'file_unreadable unreadable',
    });
  });
});

describe('a zip', () => {
  const zip = madeZip([
    ['a.jpg', Buffer.from('A')],
    ['deep/', Buffer.alloc(0)],
    ['deep/b.PNG', Buffer.from('B')],
    ['deep/deeper/ç 人.webp', Buffer.from('C')],
    ['__MACOSX/._a.jpg', Buffer.from('no')],
    ['notes.txt', Buffer.from('no')],
    ['a.jpg', Buffer.from('again')],
  ]);

  it('gives its pictures, whatever the file is called, and tells equal names apart', async () => {
    const source = await openSource(await put('some.data', zip), options);
    expect(source.kind).toBe('zip');
    expect(await contents(source)).toEqual({ ...three, 'a.jpg#7': 'again' });
    expect(await contents(source)).toEqual({ ...three, 'a.jpg#7': 'again' });
    await source.close();
  });

  it('can still be read after the walk', async () => {
    const source = await openSource(await put('late.zip', zip), options);
    const items = [];
    for await (const item of source.items()) items.push(item);
    expect(Buffer.from(await items[1].read(never)).toString()).toBe('B');
    await source.close();
  });

  it('cut off, says so', async () => {
    const source = await openSource(await put('cut.zip', zip.subarray(0, zip.length - 40)), options);
    await expect(contents(source)).rejects.toThrow(/cut\.zip cannot be read as a zip/);
  });
});

describe('a tar', () => {
  it.each([false, true])('gives its pictures in one pass (gzip: %s)', async (gzip) => {
    const file = at(`pictures-${gzip}.bin`);
    await create({ cwd: at('pictures'), file, gzip }, ['a.jpg', 'deep', 'notes.txt']);
    const source = await openSource(file, options);
    expect([source.kind, source.sequential]).toEqual(['tar', true]);
    expect(await contents(source)).toEqual(three);
    expect(await contents(source)).toEqual(three);
  });

  it('lets pictures go that nobody reads', async () => {
    await mkdir(at('many'), { recursive: true });
    for (let i = 0; i < 30; i++) await writeFile(join(at('many'), `${i}.jpg`), Buffer.alloc(100_000, i));
    await create({ cwd: at('many'), file: at('many.tar') }, ['.']);
    const source = await openSource(at('many.tar'), options);
    let n = 0;
    let read = 0;
    for await (const item of source.items()) {
      n++;
      if (n % 7 === 0) read += (await item.read(never)).length;
    }
    expect([n, read]).toEqual([30, 400_000]);
  });

  it('stops where the walk is left', async () => {
    const source = await openSource(at('many.tar'), options);
    for await (const item of source.items()) {
      expect(item.key).toMatch(/\.jpg$/);
      break;
    }
  });

  it('cut off in the middle of a picture, fails rather than ends early', async () => {
    const { readFile } = await import('node:fs/promises');
    const whole = await readFile(at('many.tar'));
    const source = await openSource(await put('cut.tar', whole.subarray(0, 1_250_000)), options);
    await expect(contents(source)).rejects.toThrow(/cut\.tar cannot be read as a tar/);
  });
});

describe('a list', () => {
  it('has a path a line; the same one may stand in it again', async () => {
    const list = await put(
      'list.txt',
      'pictures/a.jpg\r\n\npictures/deep/b.PNG\npictures/a.jpg\nmissing.jpg',
    );
    expect(await contents(await openSource(list, options))).toEqual({
      '1:pictures/a.jpg': 'A',
      '2:pictures/deep/b.PNG': 'B',
      '3:pictures/a.jpg': 'A',
      '4:missing.jpg': 'file_unreadable unreadable',
    });
  });

  it('may be JSON lines', async () => {
    const list = await put('list.ndjson', '{"id":1,"path":"pictures/a.jpg"}\n"pictures/deep/b.PNG"\n');
    expect(Object.values(await contents(await openSource(list, options)))).toEqual(['A', 'B']);
  });

  it('may be CSV with a column for it', async () => {
    const list = await put('list.csv', '\ufeffid,Path\r\n1,pictures/a.jpg\r\n"2","pictures/deep/b.PNG"\r\n');
    expect(Object.values(await contents(await openSource(list, options)))).toEqual(['A', 'B']);
  });

  it.each([
    [
      'no-column.csv',
      'id,name\n1,a.jpg\n',
      /no-column\.csv, line 1: expected a path or url .* found the header id,name/,
    ],
    ['empty.csv', 'path,x\n,1\n', /empty\.csv, line 2/],
    ['bad.ndjson', '{"path":"a.jpg"}\n{"path":\n', /bad\.ndjson, line 2: .* found no JSON/],
    ['none.ndjson', '{"id":3}\n', /none\.ndjson, line 1/],
  ])(
    '%s is refused with the line and what is wrong, before anything is given',
    async (name, text, message) => {
      await expect(openSource(await put(name, text), options)).rejects.toThrow(message);
    },
  );

  it('comes from standard input too', async () => {
    const stdin = Readable.from([
      Buffer.from(`${at('pictures/a.jpg')}\n`),
    ]) as unknown as NodeJS.ReadableStream;
    const source = await openSource('-', { ...options, stdin });
    expect(Object.values(await contents(source))).toEqual(['A']);
    expect(Object.values(await contents(source))).toEqual(['A']);
    await source.close();
  });

  it('fetches urls with the downloader alone', async () => {
    const list = await put(
      'urls.txt',
      'https://pictures.example/a.jpg\nhttps://pictures.example/b.jpg\nhttps://\n',
    );
    const seen: string[] = [];
    const downloader = {
      async download(url: URL) {
        seen.push(url.href);
        if (url.pathname === '/b.jpg') throw new Fault('download_refused', 'http_404', 'not there');
        return Buffer.from('fetched');
      },
    };
    expect(Object.values(await contents(await openSource(list, { ...options, downloader })))).toEqual([
      'fetched',
      'download_refused http_404',
      'download_refused bad_url',
    ]);
    expect(seen).toEqual(['https://pictures.example/a.jpg', 'https://pictures.example/b.jpg']);
    expect(Object.values(await contents(await openSource(list, options)))[0]).toBe(
      'download_refused downloads_off',
    );
  });
});

describe('count', () => {
  it.each(['folder', 'zip', 'tar', 'list'])(
    'says how many a %s gives, and may be told to stop',
    async (kind) => {
      const entries = Array.from({ length: 2500 }, (_, i) => [`${i % 2000}.jpg`, Buffer.from([i])] as const);
      const inputs: Record<string, () => Promise<string>> = {
        folder: async () => at('pictures'),
        zip: () => put('count.zip', madeZip([...entries, ['notes.txt', Buffer.from('no')]])),
        tar: async () => {
          await create({ cwd: at('pictures'), file: at('count.tar') }, ['a.jpg', 'deep', 'notes.txt']);
          return at('count.tar');
        },
        list: () => put('count.csv', `path\n${entries.map(([name]) => `${name}\n`).join('')}`),
      };
      const source = await openSource(await inputs[kind](), options);
      let n = 0;
      for await (const _ of source.items()) n++;
      expect(n).toBe(kind === 'zip' || kind === 'list' ? 2500 : 3);
      expect(await source.count(never)).toBe(n);
      const reason = new Error('stopped');
      await expect(source.count(AbortSignal.abort(reason))).rejects.toBe(reason);
      await source.close();
    },
  );
});

describe('an input', () => {
  it('that is not there is refused, and so is a single picture', async () => {
    await expect(openSource(at('nothing'), options)).rejects.toThrow(/found nothing at/);
    const picture = await put('selfie.jpg', Buffer.from([0xff, 0xd8, 0xff, 0xe0]));
    await expect(openSource(picture, options)).rejects.toThrow(/use livestill score/);
  });

  it('too large is a row of its own, and is not loaded', async () => {
    await mkdir(at('large'));
    const { open } = await import('node:fs/promises');
    const file = await open(join(at('large'), 'huge.jpg'), 'w');
    await file.truncate(DEFAULT_LIMITS.bytes + 1);
    await file.close();
    expect(await contents(await openSource(at('large'), options))).toEqual({
      'huge.jpg': 'picture_too_large too_large',
    });
  });
});
