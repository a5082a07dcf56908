import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { WeightsLock } from './lock.ts';
import { makeEntry, noise, sha256 } from './test-support/registry.ts';
import { hashFile, requireWeights, verifyWeights } from './verify.ts';

const from = { name: 'nets', version: '1.0.0', tarball: noise('tarball', 100) };
const contents = { a: noise('a', 1000), b: noise('b', 2000) };
const lock: WeightsLock = {
  lockVersion: 2,
  weights: [
    makeEntry({ content: contents.a, from, name: 'a', file: 'a.onnx' }),
    makeEntry({ content: contents.b, from, name: 'b', file: 'b.onnx' }),
  ],
};

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'livestill-verify-'));
  await writeFile(join(dir, 'a.onnx'), contents.a);
  await writeFile(join(dir, 'b.onnx'), contents.b);
});
afterEach(() => rm(dir, { recursive: true, force: true }));

describe('hashFile', () => {
  it('gives the SHA-256 of the FIPS 180-2 example', async () => {
    await writeFile(join(dir, 'abc'), 'abc');
    expect(await hashFile(join(dir, 'abc'))).toBe(
      'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
    );
  });
});

describe('verifyWeights', () => {
  it('says ok of files that are as the lock says', async () => {
    expect(await verifyWeights(dir, lock)).toMatchObject([
      {
        name: 'a',
        status: 'ok',
        path: join(dir, 'a.onnx'),
        found: { size: 1000, sha256: sha256(contents.a) },
      },
      { name: 'b', status: 'ok' },
    ]);
  });

  it('tells missing, wrong size, wrong hash and unreadable apart', async () => {
    const flipped = Buffer.from(contents.a);
    flipped[500] = (flipped[500] as number) ^ 1;
    await writeFile(join(dir, 'a.onnx'), flipped);
    await writeFile(join(dir, 'b.onnx'), contents.b.subarray(1));
    const [a, b] = await verifyWeights(dir, lock);
    expect(a).toMatchObject({
      status: 'wrong_hash',
      expected: { sha256: sha256(contents.a) },
      found: { size: 1000, sha256: sha256(flipped) },
    });
    expect(b).toMatchObject({
      status: 'wrong_size',
      expected: { size: 2000 },
      found: { size: 1999, sha256: null },
    });

    await rm(join(dir, 'a.onnx'));
    await rm(join(dir, 'b.onnx'));
    await mkdir(join(dir, 'b.onnx'));
    const [noA, folderB] = await verifyWeights(dir, lock);
    expect(noA).toMatchObject({ status: 'missing', found: { size: null, sha256: null } });
    expect(folderB).toMatchObject({ status: 'unreadable', detail: 'not a regular file' });
  });

  it('calls a folder that is not there, or is a file, missing', async () => {
    for (const nowhere of [join(dir, 'nowhere'), join(dir, 'a.onnx')])
      expect((await verifyWeights(nowhere, lock)).map(({ status }) => status)).toEqual([
        'missing',
        'missing',
      ]);
  });
});

describe('requireWeights', () => {
  it('gives path and hash of each weight by name', async () => {
    const weights = await requireWeights(dir, lock);
    expect([...weights.keys()]).toEqual(['a', 'b']);
    expect(weights.get('b')).toEqual({
      name: 'b',
      path: join(dir, 'b.onnx'),
      size: 2000,
      sha256: sha256(contents.b),
    });
  });

  it('refuses a missing file, naming it, what should be there and the command that helps', async () => {
    await rm(join(dir, 'b.onnx'));
    await expect(requireWeights(dir, lock)).rejects.toMatchObject({
      reason: 'missing',
      file: join(dir, 'b.onnx'),
      expected: `2000 bytes, sha256 ${sha256(contents.b)}`,
      found: 'no file',
      advice: `Run "livestill models pull --dir ${JSON.stringify(dir)}" to fetch what is missing and replace what is wrong`,
    });
  });

  it('refuses a changed file with both hashes and names every other wrong file', async () => {
    const changed = noise('other', 1000);
    await writeFile(join(dir, 'a.onnx'), changed);
    await writeFile(join(dir, 'b.onnx'), 'short');
    await expect(requireWeights(dir, lock)).rejects.toMatchObject({
      reason: 'wrong_hash',
      expected: `sha256 ${sha256(contents.a)}`,
      found: `sha256 ${sha256(changed)}`,
      advice: expect.stringMatching(/Also wrong: b\.onnx \(5 bytes\)$/),
      message: expect.stringContaining(join(dir, 'a.onnx')),
    });
  });

  it('advises to make an unreadable file readable', async () => {
    await rm(join(dir, 'a.onnx'));
    await mkdir(join(dir, 'a.onnx'));
    await expect(requireWeights(dir, lock)).rejects.toMatchObject({
      reason: 'unreadable',
      found: 'not a regular file',
      advice: expect.stringMatching(/^Let this user read it, or run "livestill models pull /),
    });
  });
});
