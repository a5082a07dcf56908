import { execFileSync, spawn } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itWhere } from '../../test/support/only-where.ts';
import { makeFolder } from './folder.ts';
import { absolutePath, folderOf, joinPath, nameBytes, nameText, pathOf } from './name.ts';
import { FileRefused, readHead, readRegular, readRegularSync, whyUnreadable } from './read.ts';
import { readText } from './read-text.ts';
import { isTaken, renameNew, writeNew, writeWhole, writeWholeNew } from './write.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-files-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));
const at = (name: string) => join(folder, name);
const unix = itWhere(process.platform !== 'win32', 'needs a POSIX system');

describe('a name', () => {
  const bytes = fc
    .array(
      fc.oneof(
        fc.uint8Array({ maxLength: 4 }),
        fc.string({ maxLength: 3, unit: 'grapheme' }).map((text) => Buffer.from(text)),
        fc.constantFrom('\\', '\\x', '\\x4', '\\x41', '\\xD5', 'x41', 'D5').map((text) => Buffer.from(text)),
      ),
    )
    .map((parts) => Buffer.concat(parts));

  it('comes back as the bytes it was', () => {
    fc.assert(
      fc.property(bytes, (name) => {
        expect(nameBytes(nameText(name)).toString('hex')).toBe(name.toString('hex'));
      }),
      { numRuns: 2000 },
    );
  });

  it('is text as it stands where it is UTF-8', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        fc.pre(!/\\x[0-9a-f]{2}/i.test(text));
        expect(nameText(Buffer.from(text))).toBe(text);
      }),
    );
    expect(nameText(Buffer.from([0xd5, 0xc5, 0x61]))).toBe('\\xD5\\xC5a');
    expect(nameText(Buffer.from([0xe5, 0xbc, 0xa0, 0xff]))).toBe('张\\xFF');
  });

  it('is joined as text or as bytes', () => {
    const odd = Buffer.from([0xd5]);
    expect(joinPath('/a', 'b')).toBe('/a/b');
    expect(joinPath('/a/', odd)).toEqual(Buffer.from([0x2f, 0x61, 0x2f, 0xd5]));
    expect(pathOf(Buffer.from('ü'))).toBe('ü');
    expect(pathOf(odd)).toBe(odd);
    expect(absolutePath('/a', 'b')).toBe('/a/b');
    expect(absolutePath('/a', Buffer.from([0x2f, 0xd5]))).toEqual(Buffer.from([0x2f, 0xd5]));
    expect(absolutePath(Buffer.from([0x2f, 0xd5]), 'b')).toEqual(Buffer.from([0x2f, 0xd5, 0x2f, 0x62]));
    expect(folderOf(Buffer.from([0x2f, 0xd5, 0x2f, 0x62]))).toEqual(Buffer.from([0x2f, 0xd5]));
  });
});

describe('reading', () => {
  it('gives a file whole in memory of its own, up to the limit', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 300 }),
        fc.integer({ min: 0, max: 300 }),
        async (bytes, limit) => {
          await writeFile(at('whole'), bytes);
          const same = Buffer.from(bytes);
          if (bytes.length > limit) {
            await expect(readRegular(at('whole'), limit)).rejects.toMatchObject({ why: 'too_large' });
            expect(() => readRegularSync(at('whole'), limit)).toThrow(FileRefused);
            return;
          }
          const read = await readRegular(at('whole'), limit);
          expect(read.equals(same)).toBe(true);
          expect(read.buffer.byteLength).toBe(read.length);
          expect(readRegularSync(at('whole'), limit).equals(same)).toBe(true);
          expect((await readHead(at('whole'), 10)).equals(same.subarray(0, 10))).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  itWhere(process.platform === 'linux', 'needs Linux')(
    'gives files that say they are empty, and none that has no end',
    async () => {
      const status = await readRegular('/proc/self/status', 2 ** 20);
      expect(status.toString()).toContain(`Pid:\t${process.pid}`);
      expect(readRegularSync('/proc/self/status', 2 ** 20).toString()).toContain(`Pid:\t${process.pid}`);
      await expect(readRegular('/proc/self/status', 20)).rejects.toMatchObject({ why: 'too_large' });
      await expect(readRegular('/proc/self/pagemap', 2 ** 20)).rejects.toMatchObject({ why: 'too_large' });
    },
  );

  unix('waits for nothing that is no regular file', async () => {
    execFileSync('mkfifo', [at('pipe')]);
    await symlink('/dev/zero', at('zero'));
    await symlink('loop', at('loop'));
    await writeFile(at('sparse'), '');
    await truncate(at('sparse'), 2 ** 40);
    for (const [path, words] of [
      [at('pipe'), 'a named pipe'],
      [at('zero'), 'a device'],
      [folder, 'a folder'],
      [at('loop'), 'circle'],
      [at('none'), 'no such file'],
      [at('sparse'), 'over the limit'],
      [`${at('x')}\0`, 'NUL'],
    ] as const) {
      for (const read of [readRegular, async (p: string, l: number) => readRegularSync(p, l), readText]) {
        if (read === readText && path === at('pipe')) continue;
        expect(await read(path, 1000).then(String, whyUnreadable)).toContain(words);
      }
    }
  });

  unix('reads a pipe that a person named, to its end or to the limit', async () => {
    const read = async (name: string, command: string) => {
      execFileSync('mkfifo', [at(name)]);
      const writer = spawn('bash', ['-c', `(${command}) > "$0"`, at(name)], { stdio: 'ignore' });
      const ended = new Promise((resolve) => writer.once('close', resolve));
      const found = await readText(at(name), 1000).then(String, (error: FileRefused) => error.why);
      await ended;
      return found;
    };
    expect(await read('slow', 'sleep 0.2; echo one; sleep 0.2; echo two')).toBe('one\ntwo\n');
    expect(await read('endless', 'cat /dev/zero')).toBe('too_large');
  });
});

describe('making a folder', () => {
  it('makes all that is missing, and leaves what is there', async () => {
    await makeFolder(at('a/b/c'));
    await writeFile(at('a/b/c/file'), 'kept');
    await makeFolder(at('a/b/c'));
    expect(await readFile(at('a/b/c/file'), 'utf8')).toBe('kept');
    await expect(makeFolder(at('a/b/c/file'))).rejects.toMatchObject({ code: 'EEXIST' });
    await expect(makeFolder(at('a/b/c/file/d'))).rejects.toMatchObject({ code: 'ENOTDIR' });
  });

  itWhere(process.platform === 'linux', 'needs Linux')('ends where the system makes none', async () => {
    await expect(makeFolder('/proc/x/y')).rejects.toMatchObject({ code: 'ENOENT' });
  });
});

describe('writing', () => {
  it('replaces nothing unasked', async () => {
    await writeNew(at('new'), 'first');
    await expect(writeNew(at('new'), 'second')).rejects.toMatchObject({ code: 'EEXIST' });
    expect(await writeWholeNew(at('new'), 'second')).toBe(false);
    await writeFile(at('finished'), 'third');
    expect(await renameNew(at('finished'), at('new'))).toBe(false);
    expect([await readFile(at('new'), 'utf8'), await readFile(at('finished'), 'utf8')]).toEqual([
      'first',
      'third',
    ]);
    expect(await renameNew(at('finished'), at('other'))).toBe(true);
    expect([await isTaken(at('finished')), await isTaken(at('other'))]).toEqual([false, true]);
    await writeWhole(at('new'), 'asked');
    expect(await readFile(at('new'), 'utf8')).toBe('asked');
    expect(await writeWholeNew(at('new2'), 'x')).toBe(true);
  });

  unix('goes into a device', async () => {
    expect(await isTaken('/dev/null')).toBe(false);
    await writeNew('/dev/null', 'x');
    await mkdir(at('is-folder'));
    expect(await isTaken(at('is-folder'))).toBe(true);
  });
});
