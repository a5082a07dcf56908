import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clearStale, openWorkFolder } from './work-folder.ts';

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'livestill-work-'));
});
afterEach(async () => {
  vi.useRealTimers();
  await rm(dir, { recursive: true, force: true });
});

/** The number of a process that has just ended. */
async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((done) => child.once('exit', done));
  return child.pid as number;
}

const longAgo = new Date(Date.now() - 3_600_000);

describe('openWorkFolder', () => {
  it('makes a folder of its own each time, in a folder that need not exist yet, and removes it with its files', async () => {
    const inside = join(dir, 'models');
    const [one, two] = [await openWorkFolder(inside), await openWorkFolder(inside)];
    expect(one.path).not.toBe(two.path);
    await writeFile(join(one.path, 'half.onnx'), 'half');
    await one.close();
    expect(await readdir(inside)).toEqual([basename(two.path)]);
    await two.close();
    await two.close();
    expect(await readdir(inside)).toEqual([]);
  });

  it('renews its time while it is open, and no longer once closed', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const work = await openWorkFolder(dir);
    await utimes(work.path, longAgo, longAgo);
    vi.advanceTimersByTime(20_000);
    await vi.waitFor(async () =>
      expect((await stat(work.path)).mtimeMs).toBeGreaterThan(longAgo.getTime() + 1000),
    );
    await work.close();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('clearStale', () => {
  it('removes at once what a process of this machine left that is gone', async () => {
    const work = await openWorkFolder(dir);
    const left = basename(work.path).replace(`-${process.pid}-`, `-${await deadProcess()}-`);
    await mkdir(join(dir, left, 'package-1'), { recursive: true });
    await clearStale(dir);
    expect(await readdir(dir)).toEqual([basename(work.path)]);
    await work.close();
  });

  it('leaves to another machine five minutes without a sign of life', async () => {
    const left = join(dir, '.pull-00000000-1-abcdef');
    await mkdir(left);
    const made = (await stat(left)).mtimeMs;
    await clearStale(dir, made + 5 * 60_000);
    expect(await readdir(dir)).toHaveLength(1);
    await clearStale(dir, made + 5 * 60_000 + 1);
    expect(await readdir(dir)).toEqual([]);
  });

  it('does not touch anything else, and does not mind a folder that is not there', async () => {
    await mkdir(join(dir, '.pull-of-somebody'));
    await writeFile(join(dir, 'own.onnx'), '');
    await clearStale(dir, Date.now() + 86_400_000);
    expect((await readdir(dir)).sort()).toEqual(['.pull-of-somebody', 'own.onnx']);
    await clearStale(join(dir, 'nowhere'));
  });
});
