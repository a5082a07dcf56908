import { createHash } from 'node:crypto';
import { mkdir, readFile, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { create, Header } from 'tar';
import { beforeAll, describe, expect, it } from 'vitest';
import { UsageError } from '../../faults.ts';
import { madeZip, type ZipEntry } from '../test-support/made.ts';
import { GBK, HEIC, JPEG, never, oddFolder, options, walked } from '../test-support/odd.ts';
import { openSource } from './open.ts';

const { at, put, fresh } = oddFolder();

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
