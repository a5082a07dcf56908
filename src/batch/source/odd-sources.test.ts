import { execFileSync } from 'node:child_process';
import { mkdir, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { itWhere } from '../../../test/support/only-where.ts';
import { GBK, HEIC, JPEG, oddFolder, options, TIFF, walked } from '../test-support/odd.ts';
import { openSource } from './open.ts';

const { at, put, fresh } = oddFolder();

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
