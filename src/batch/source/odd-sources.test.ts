import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { crc32, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { create, Header } from 'tar';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itWhere } from '../../../test/support/only-where.ts';
import { Fault, UsageError } from '../../faults.ts';
import type { LeftOut } from '../../picture/decode/candidate.ts';
import { madeZip, type ZipEntry } from '../test-support/made.ts';
import type { BatchSource } from '../types.ts';
import { openSource } from './open.ts';

let folder: string;
let n = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-odd-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const at = (...names: string[]) => join(folder, ...names);
const never = new AbortController().signal;
const options = {
  stdin: Readable.from([]) as unknown as NodeJS.ReadableStream,
  downloader: null,
  signal: never,
};

async function put(name: string, content: string | Uint8Array): Promise<string> {
  const path = at(`${n++}-${name}`);
  await writeFile(path, content);
  return path;
}
async function fresh(): Promise<string> {
  const path = at(`folder-${n++}`);
  await mkdir(path);
  return path;
}

/** What a source gives, by key, and what it leaves out, by name. */
async function walked(source: BatchSource) {
  const given: Record<string, string> = {};
  const left: Record<string, LeftOut['why']> = {};
  const keys: string[] = [];
  for await (const item of source.items((one) => (left[one.name] = one.why))) {
    keys.push(item.key);
    given[item.key] = await item.read(never).then(
      (bytes) => Buffer.from(bytes).toString('latin1').slice(0, 12),
      (error: unknown) => {
        if (error instanceof Fault) return `${error.kind} ${error.reason}`;
        throw error;
      },
    );
  }
  expect(new Set(keys).size).toBe(keys.length);
  expect(await source.count(never)).toBe(keys.length);
  await source.close();
  return { given, left };
}

const JPEG = Buffer.from('\xff\xd8\xff\xe0 a jpeg', 'latin1');
const HEIC = Buffer.concat([Buffer.from([0, 0, 0, 24]), Buffer.from('ftypheic')]);
const TIFF = Buffer.from('II*\0 a tiff', 'latin1');
const GBK = Buffer.from([0xd5, 0xc5, 0xc8, 0xfd, 0x2e, 0x6a, 0x70, 0x67]);

describe('a folder', () => {
  it('is judged by content where names tell nothing, and all else is named', async () => {
    const path = await fresh();
    const files: [string, Uint8Array | string][] = [
      ['upload_tmp', JPEG],
      ['IMG_1.HEIC', HEIC],
      ['photo', HEIC],
      ['scan.tif', TIFF],
      ['x.gif', 'GIF89a'],
      ['broken.heic', 'not at all'],
      ['notes.txt', 'BMW and other cars'],
      ['page.pdf', '%PDF-1.4'],
      ['empty', ''],
      ['._upload_tmp', JPEG],
    ];
    for (const [name, content] of files) await writeFile(join(path, name), content);
    const { given, left } = await walked(await openSource(path, options));
    expect(Object.keys(given).sort()).toEqual(
      ['IMG_1.HEIC', 'broken.heic', 'photo', 'scan.tif', 'upload_tmp', 'x.gif'].sort(),
    );
    expect(left).toEqual({
      'notes.txt': 'no_picture',
      'page.pdf': 'no_picture',
      empty: 'no_picture',
      '._upload_tmp': 'no_picture',
    });
  });

  itWhere(process.platform !== 'win32', 'needs a POSIX system')(
    'waits for no pipe, reads no device, socket or endless file, and follows no circle',
    async () => {
      const path = await fresh();
      execFileSync('mkfifo', [join(path, 'pipe.jpg'), join(path, 'pipe')]);
      await symlink('/dev/zero', join(path, 'zero.jpg'));
      await symlink('/dev/zero', join(path, 'zero'));
      await symlink('/dev/tty', join(path, 'tty.jpg'));
      await symlink('.', join(path, 'here.jpg'));
      await symlink('.', join(path, 'here'));
      await symlink('self', join(path, 'self'));
      await symlink('nowhere', join(path, 'nowhere.jpg'));
      await writeFile(join(path, 'sparse.jpg'), '');
      await truncate(join(path, 'sparse.jpg'), 5 * 2 ** 30);
      const server = createServer().listen(join(path, 'socket.jpg'));
      try {
        const { given, left } = await walked(await openSource(path, options));
        expect(given).toEqual({
          'pipe.jpg': 'file_unreadable unreadable',
          'zero.jpg': 'file_unreadable unreadable',
          'tty.jpg': 'file_unreadable unreadable',
          'here.jpg': 'file_unreadable unreadable',
          'nowhere.jpg': 'file_unreadable unreadable',
          'socket.jpg': 'file_unreadable unreadable',
          'sparse.jpg': 'picture_too_large too_large',
        });
        expect(left).toEqual({ pipe: 'no_file', zero: 'no_file', here: 'no_file', self: 'no_file' });
      } finally {
        server.close();
      }
    },
  );

  itWhere(process.platform === 'linux', 'needs Linux')(
    'opens names that are no UTF-8, and tells them apart',
    async () => {
      const path = await fresh();
      const other = Buffer.from([0xc0, 0xee, 0x2e, 0x6a, 0x70, 0x67]);
      const below = Buffer.from([0xb1, 0xb1]);
      await mkdir(Buffer.concat([Buffer.from(`${path}/`), below]));
      const names: Buffer[] = [
        GBK,
        other,
        Buffer.concat([below, Buffer.from('/'), other]),
        Buffer.from('\\xC0\\xEE.jpg'),
      ];
      for (const [i, name] of names.entries()) {
        await writeFile(Buffer.concat([Buffer.from(`${path}/`), name]), `picture ${i}`);
      }
      const { given } = await walked(await openSource(path, options));
      expect(given).toEqual({
        '\\xD5\\xC5\\xC8\\xFD.jpg': 'picture 0',
        '\\xC0\\xEE.jpg': 'picture 1',
        '\\xB1\\xB1/\\xC0\\xEE.jpg': 'picture 2',
        '\\x5CxC0\\x5CxEE.jpg': 'picture 3',
      });
    },
  );

  it('that goes meanwhile is told as left out, and the rest is given', async () => {
    const path = await fresh();
    await mkdir(join(path, 'a'));
    await writeFile(join(path, 'b.jpg'), 'B');
    const source = await openSource(path, options);
    await rm(path, { recursive: true });
    await expect(walked(source)).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('a zip', () => {
  const zipOf = async (...entries: ZipEntry[]) => put('made.zip', madeZip(entries));
  const walk = async (path: string, zipNames?: string) =>
    walked(await openSource(path, { ...options, zipNames }));

  it('goes on behind an entry whose name leads out of it, which is refused by name', async () => {
    const { given, left } = await walk(
      await zipOf(
        ['a.jpg', Buffer.from('A')],
        ['../', Buffer.alloc(0)],
        ['../up.jpg', Buffer.from('up')],
        ['/root.jpg', Buffer.from('root')],
        ['C:\\windows.jpg', Buffer.from('drive')],
        ['old\\windows.jpg', Buffer.from('W')],
        ['z.jpg', Buffer.from('Z')],
      ),
    );
    expect(given).toEqual({
      'a.jpg': 'A',
      '../up.jpg': 'file_unreadable bad_name',
      '/root.jpg': 'file_unreadable bad_name',
      'C:/windows.jpg': 'file_unreadable bad_name',
      'old/windows.jpg': 'W',
      'z.jpg': 'Z',
    });
    expect(left).toEqual({ '../': 'no_file' });
  });

  it('is judged by content where names tell nothing', async () => {
    const { given, left } = await walk(
      await zipOf(
        ['upload', JPEG],
        ['photo.dat', HEIC],
        ['notes.txt', Buffer.from('no')],
        ['empty', Buffer.alloc(0)],
        ['locked', JPEG, { flags: 1 }],
        ['locked.jpg', JPEG, { flags: 1 }],
        ['__MACOSX/._upload', JPEG],
      ),
    );
    expect(given).toEqual({
      upload: 'ÿØÿà a jpeg',
      'photo.dat': '\0\0\0\x18ftypheic',
      'locked.jpg': 'file_unreadable encrypted',
    });
    expect(left).toEqual({
      'notes.txt': 'no_picture',
      empty: 'no_picture',
      locked: 'unreadable',
      '__MACOSX/._upload': 'no_picture',
    });
  });

  const utf8 = Buffer.from('自拍/张三.jpg');
  const cp437 = Buffer.from([0x66, 0x88, 0x2e, 0x6a, 0x70, 0x67]);
  const shiftJis = Buffer.from([0x8e, 0xca, 0x90, 0x5e, 0x2e, 0x6a, 0x70, 0x67]);
  const unicodePath = (raw: Uint8Array, name: string) => {
    const head = Buffer.alloc(5);
    head[0] = 1;
    head.writeUInt32LE(crc32(raw), 1);
    return { flags: 0, extra: [0x7075, Buffer.concat([head, Buffer.from(name)])] as const };
  };
  it.each([
    ['UTF-8 without the flag (macOS)', utf8, { flags: 0 }, undefined, '自拍/张三.jpg'],
    ['UTF-8 with it', utf8, {}, undefined, '自拍/张三.jpg'],
    ['GBK (Windows)', GBK, { flags: 0 }, undefined, '张三.jpg'],
    ['code page 437', cp437, { flags: 0 }, undefined, 'fê.jpg'],
    ['Shift_JIS, forced', shiftJis, { flags: 0 }, 'shift_jis', '写真.jpg'],
    ['code page 437, forced', GBK, { flags: 0 }, 'cp437', '╒┼╚².jpg'],
    ['a field with the name', GBK, unicodePath(GBK, '李四.jpg'), undefined, '李四.jpg'],
    ['a field of another name', GBK, unicodePath(utf8, '李四.jpg'), undefined, '张三.jpg'],
  ])('has names in %s', async (_, raw, odd, forced, name) => {
    expect((await walk(await zipOf([raw, Buffer.from('A'), odd]), forced)).given).toEqual({ [name]: 'A' });
  });

  it('refuses an encoding that nobody knows', async () => {
    const path = await zipOf(['a.jpg', Buffer.from('A')]);
    await expect(openSource(path, { ...options, zipNames: 'klingon' })).rejects.toThrow(/found klingon/);
  });

  it('gives a damaged entry as unreadable, and every entry a key of its own', async () => {
    const { given } = await walk(
      await zipOf(
        ['a.jpg', Buffer.from('A')],
        ['a.jpg#3', JPEG],
        ['a.jpg', Buffer.from('again')],
        ['b.jpg', Buffer.from('B'), { crc: 1 }],
      ),
    );
    expect(given).toEqual({
      'a.jpg': 'A',
      'a.jpg#3': 'ÿØÿà a jpeg',
      'a.jpg#3#3': 'again',
      'b.jpg': 'file_unreadable unreadable',
    });
  });
});

describe('a tar', () => {
  let whole: Buffer;
  const names = Array.from({ length: 12 }, (_, i) => `${i}${i % 3 === 0 ? '' : '.jpg'}`);
  beforeAll(async () => {
    const path = await fresh();
    for (const [i, name] of names.entries()) {
      // Noise, so that a gzip of it can be cut anywhere.
      const noise = Buffer.concat(
        Array.from({ length: 900 }, (_, k) => createHash('sha256').update(`${i} ${k}`).digest()),
      );
      await writeFile(join(path, name), Buffer.concat([JPEG, noise]));
    }
    await create({ cwd: path, file: at('whole.tar'), portable: true }, names);
    whole = await readFile(at('whole.tar'));
  });

  it.each([false, true])('cut anywhere, ends, and gives no part of a picture (gzip: %s)', async (gzip) => {
    const bytes = gzip ? gzipSync(whole) : whole;
    const size = JPEG.length + 900 * 32;
    const step = 512 + Math.ceil(size / 512) * 512;
    /** The places between two entries, and one in the padding behind a picture. */
    const between = [step, 3 * step, 3 * step - 1];
    const left: { readonly why: string; readonly detail: string }[] = [];
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 600, max: bytes.length - (gzip ? 1 : 1600) }), async (length) => {
        const source = await openSource(await put('cut', bytes.subarray(0, length)), options);
        const read: number[] = [];
        const walk = async () => {
          for await (const item of source.items((one) => void left.push(one))) {
            read.push((await item.read(never)).length);
          }
        };
        left.length = 0;
        // Cut behind a whole picture it is told as what it is; elsewhere the walk fails.
        const told = await walk().then(
          () => left.some(({ why, detail }) => why === 'unreadable' && detail.includes('may have been cut')),
          (error: unknown) => error instanceof UsageError,
        );
        expect(told).toBe(true);
        expect(read.every((one) => one === size)).toBe(true);
      }),
      {
        numRuns: 40,
        examples: [
          [Math.floor(bytes.length * 0.95)],
          ...(gzip ? [] : between.map((one) => [one] as [number])),
        ],
      },
    );
  });

  it('is judged by content where names tell nothing; links and damaged places are told', async () => {
    const entry = (path: string, type: 'File' | 'Link' | 'SymbolicLink', content: Buffer) => {
      const header = new Header({
        path,
        type,
        size: content.length,
        mode: 0o644,
        mtime: new Date(0),
        linkpath: type === 'File' ? '' : 'up',
      });
      const block = Buffer.alloc(512);
      header.encode(block, 0);
      return Buffer.concat([block, content, Buffer.alloc((512 - (content.length % 512)) % 512)]);
    };
    const damaged = entry('gone.jpg', 'File', JPEG);
    damaged[3] ^= 0xff;
    const tar = Buffer.concat([
      entry('up', 'File', JPEG),
      entry('notes.txt', 'File', Buffer.from('no')),
      entry('again.jpg', 'Link', Buffer.alloc(0)),
      damaged,
      entry('last.jpg', 'File', Buffer.from('L')),
      Buffer.alloc(1024),
    ]);
    const path = await put('odd.tar', tar);
    const { given, left } = await walked(await openSource(path, options));
    expect(given).toEqual({ up: 'ÿØÿà a jpeg', 'last.jpg': 'L' });
    expect(left).toEqual({ 'notes.txt': 'no_picture', 'again.jpg': 'no_file', [path]: 'unreadable' });
  });

  it('can be left while something large is passed over', async () => {
    const header = Buffer.alloc(512);
    new Header({ path: 'large.bin', type: 'File', size: 2 ** 34, mode: 0o644, mtime: new Date(0) }).encode(
      header,
      0,
    );
    const path = await put('large.tar', header);
    await truncate(path, 2 ** 34);
    const stop = new AbortController();
    const source = await openSource(path, { ...options, signal: stop.signal });
    const left: string[] = [];
    for await (const _ of source.items((one) => {
      left.push(one.name);
      stop.abort();
    }));
    expect(left).toEqual(['large.bin']);
  });
});

describe('an archive with bytes changed anywhere', () => {
  const files = [
    ['a.jpg', JPEG],
    ['sub/b', Buffer.concat([JPEG, Buffer.alloc(2000, 7)])],
    ['notes.txt', Buffer.from('no')],
  ] as const;

  it.each(['zip', 'tar', 'tar.gz'])('ends, as a whole or refused: %s', async (kind) => {
    const folder = await fresh();
    await mkdir(join(folder, 'sub'));
    for (const [name, content] of files) await writeFile(join(folder, name), content);
    const path = at(`changed-${kind}`);
    const names = files.map(([name]) => name);
    if (kind === 'zip') await writeFile(path, madeZip(files));
    else await create({ cwd: folder, file: path, gzip: kind === 'tar.gz', portable: true }, names);
    const whole = await readFile(path);
    const change = fc.record({ at: fc.nat(whole.length - 1), byte: fc.integer({ min: 0, max: 255 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 8 }), async (changes) => {
        const bytes = Buffer.from(whole);
        for (const one of changes) bytes[one.at] = one.byte;
        await writeFile(path, bytes);
        try {
          await walked(await openSource(path, options));
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
        }
      }),
      { numRuns: 300 },
    );
  });
});

describe('a list', () => {
  itWhere(process.platform === 'linux', 'needs Linux')(
    'may hold names that are no UTF-8, as lines and as CSV',
    async () => {
      const path = await fresh();
      await writeFile(Buffer.concat([Buffer.from(`${path}/`), GBK]), 'picture');
      const lines = Buffer.concat([GBK, Buffer.from('\n')]);
      for (const [name, content] of [
        ['list.txt', lines],
        ['list.csv', Buffer.concat([Buffer.from('path\n"'), GBK, Buffer.from('"\n')])],
      ] as const) {
        await writeFile(join(path, name), content);
        const { given } = await walked(await openSource(join(path, name), options));
        expect(given).toEqual({ '1:\\xD5\\xC5\\xC8\\xFD.jpg': 'picture' });
      }
    },
  );

  it('saved by Excel in China names files whose names are UTF-8; emptied rows are no rows', async () => {
    const path = await fresh();
    await writeFile(join(path, '张三.jpg'), 'picture');
    await writeFile(
      join(path, 'list.csv'),
      Buffer.concat([Buffer.from('id,path\r\n1,'), GBK, Buffer.from('\r\n,\r\n')]),
    );
    const { given } = await walked(await openSource(join(path, 'list.csv'), options));
    expect(given).toEqual({ '1:\\xD5\\xC5\\xC8\\xFD.jpg': 'picture' });
  });

  it.each([
    ['semicolon.csv', 'id;path\n1;a.jpg\n', /found the header id;path; divide the fields by commas/],
    ['quote.csv', 'path\n"a.jpg\nb.jpg\nc.jpg\n', /quote\.csv, line 2: a quote is opened and never closed/],
    ['late.csv', 'path\na.jpg\n"b.jpg\n"c.jpg"\n', /late\.csv, line 4: .*the quoted field begins in line 3/],
    ['comma.csv', 'path,x\na,b.jpg,1\n', /comma\.csv, line 2: expected 2 fields as in the header, found 3/],
    ['few.csv', 'x,path\n1\n', /few\.csv, line 2: expected 2 fields as in the header, found 1/],
    ['utf16.csv', Buffer.from('\ufeffpath\na.jpg\n', 'utf16le'), /is no list: it has NUL bytes/],
    ['noise.bin', Buffer.alloc(9), /is no list: it has NUL bytes/],
    ['long.txt', `a.jpg\n${'x'.repeat(70_000)}`, /long\.txt, line 2: longer than 65536 bytes/],
    [
      'gbk.ndjson',
      Buffer.concat([Buffer.from('{"path":"'), GBK, Buffer.from('"}')]),
      /line 1: .*JSON that is not UTF-8/,
    ],
  ])('%s is refused with its line before anything is given', async (name, content, message) => {
    await expect(openSource(await put(name, content), options)).rejects.toThrow(message);
  });

  it('on standard input ends with the first bytes that are none', async () => {
    for (const [piece, message] of [
      [Buffer.alloc(1000), /standard input is no list/],
      [Buffer.alloc(1000, 'x'), /standard input, line 1: longer than/],
    ] as const) {
      let taken = 0;
      const endless = Readable.from(
        (function* () {
          for (; taken < 10_000; taken++) yield piece;
        })(),
      ) as unknown as NodeJS.ReadableStream;
      await expect(openSource('-', { ...options, stdin: endless })).rejects.toThrow(message);
      expect(taken).toBeLessThan(1000);
    }
  });

  itWhere(process.platform !== 'win32', 'needs a POSIX system')(
    'is a regular file: a pipe or a device is not waited for',
    async () => {
      execFileSync('mkfifo', [at('list-pipe')]);
      await expect(openSource(at('list-pipe'), options)).rejects.toThrow(/it is a named pipe/);
      await expect(openSource('/dev/zero', options)).rejects.toThrow(/it is a device/);
    },
  );
});
