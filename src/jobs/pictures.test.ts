import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { Downloader } from '../picture/types.ts';
import { badPath, belowPictures, createPictureReader } from './pictures.ts';

const signal = new AbortController().signal;
const downloader: Downloader = {
  download: async (url, _signal, whom) => Buffer.from(`${whom?.app} ${url.href}`),
};

async function someFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'livestill-pictures-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

describe('the pictures of batches', () => {
  it('are files below the folder, and urls', async () => {
    const folder = await someFolder();
    await mkdir(join(folder, 'a'));
    await writeFile(join(folder, 'a', 'ü.jpg'), 'one');
    await symlink(join(folder, 'a', 'ü.jpg'), join(folder, 'inner.jpg'));
    const reader = createPictureReader(folder, downloader);
    expect(Buffer.from(await reader.read('a/ü.jpg', '1', signal)).toString()).toBe('one');
    expect(Buffer.from(await reader.read('inner.jpg', '1', signal)).toString()).toBe('one');
    const url = 'https://example.org/a.jpg';
    expect(Buffer.from(await reader.read(url, '7', signal)).toString()).toBe(`7 ${url}`);
  });

  it('are nothing outside of it, whatever the path or a link says', async () => {
    const folder = await someFolder();
    const outside = await someFolder();
    await writeFile(join(outside, 'secret.jpg'), 'secret');
    await symlink(outside, join(folder, 'link'));
    await symlink(join(outside, 'secret.jpg'), join(folder, 'link.jpg'));
    const reader = createPictureReader(folder, downloader);
    const paths = [
      '../x/secret.jpg',
      join(outside, 'secret.jpg'),
      'link/secret.jpg',
      'link.jpg',
      'a/../../secret.jpg',
      'a\0.jpg',
      '\\x2e\\x2e/secret.jpg',
    ];
    for (const path of paths) {
      await expect(reader.read(path, '1', signal), path).rejects.toMatchObject({ kind: 'file_unreadable' });
    }
    // A folder whose name begins alike is another one.
    await mkdir(`${folder}-more`);
    onTestFinished(() => rm(`${folder}-more`, { recursive: true, force: true }));
    await writeFile(join(`${folder}-more`, 'a.jpg'), 'other');
    await symlink(join(`${folder}-more`, 'a.jpg'), join(folder, 'more.jpg'));
    await expect(reader.read('more.jpg', '1', signal)).rejects.toMatchObject({ reason: 'bad_name' });
  });

  it('are urls alone where there is no folder', async () => {
    const reader = createPictureReader(null, downloader);
    await expect(reader.read('a.jpg', '1', signal)).rejects.toMatchObject({ kind: 'file_unreadable' });
  });

  it('of a submitted folder have their path below that of all pictures', async () => {
    const folder = await someFolder();
    await mkdir(join(folder, 'a', 'b'), { recursive: true });
    expect(await belowPictures(folder, join(folder, 'a', 'b'))).toBe('a/b');
    expect(await belowPictures(folder, folder)).toBe('');
    expect(await belowPictures(join(folder, 'a'), folder)).toBeNull();
    expect([badPath('a/b.jpg'), badPath('a..b/c.jpg')]).toEqual([null, null]);
  });
});
