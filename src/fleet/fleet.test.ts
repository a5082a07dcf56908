import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { itWhere } from '../../test/support/only-where.ts';
import { createLiveness } from '../engine.ts';
import { confiningCommand } from './confine.ts';
import { type Fleet, type FleetOptions, startFleet } from './fleet.ts';
import { allowedProcessors } from './processors.ts';

const group = (name: string) => readFile(`node_modules/@vladmandic/face-api/demo/${name}.jpg`);
const engine = { profile: 'fast' as const };

describe('a fleet with real networks', () => {
  let fleet: Fleet;
  beforeAll(async () => {
    fleet = await startFleet({ workers: 2, queueWaitMs: 60_000, engine });
  });
  afterAll(() => fleet.close());

  it('judges as one engine does, at any load, whatever the order', async () => {
    const pictures = await Promise.all(['sample1', 'sample2', 'sample3'].map(group));
    const alone = await createLiveness(engine);
    const expected = [];
    for (const picture of pictures) expected.push((await alone.judge(Uint8Array.from(picture))).score);
    await alone.close();
    const crowd = Array.from({ length: 9 }, (_, at) => pictures[at % 3] as Buffer);
    const judgements = await Promise.all(crowd.map((picture) => fleet.judge(Uint8Array.from(picture))));
    expect(judgements.map((judgement) => judgement.score)).toEqual([...expected, ...expected, ...expected]);
  });

  it('leaves the bytes it was given as they were', async () => {
    const picture = Uint8Array.from(await group('sample1'));
    const before = Buffer.from(picture);
    await fleet.judge(picture);
    expect(before.equals(picture)).toBe(true);
    await expect(fleet.judge(Buffer.from('not a picture'))).rejects.toMatchObject({
      kind: 'picture_unreadable',
    });
  });

  it('passes threshold and profile on', async () => {
    const picture = await group('sample1');
    const judgement = await fleet.judge(Uint8Array.from(picture), { threshold: 12, profile: 'careful' });
    expect(judgement).toMatchObject({ threshold: 12, profile: 'careful' });
    expect((await fleet.judge(Uint8Array.from(picture))).profile).toBe('fast');
  });

  itWhere(confiningCommand().length > 0, 'needs a way to bind a process to processors')(
    'runs them with no right to gain and no file to write (skipped where util-linux or Linux is not there)',
    () => {
      for (const { pid } of fleet.workersNow()) {
        expect(readFileSync(`/proc/${pid}/status`, 'utf8')).toMatch(/^NoNewPrivs:\t1$/m);
        const limits = readFileSync(`/proc/${pid}/limits`, 'utf8');
        expect(limits).toMatch(/^Max file size +0 +0 +bytes *$/m);
        expect(limits).toMatch(/^Max core file size +0 +0 +bytes *$/m);
      }
    },
  );

  it('tells which models it uses, before any picture', () => {
    expect(fleet.models.map((model) => model.role)).toEqual([
      'detector',
      'detector',
      'classifier',
      'classifier',
      'classifier',
    ]);
    expect(fleet).toMatchObject({ profile: 'fast', lacking: null });
    for (const model of fleet.models) expect(model.sha256).toMatch(/^[0-9a-f]{64}$/);
  });
});

it('does not start without its networks, and says which file is missing', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'livestill-no-models-'));
  const options: FleetOptions = { workers: 2, queueWaitMs: 1000, engine: { modelsDir: folder } };
  await expect(startFleet(options)).rejects.toMatchObject({
    name: 'FleetError',
    message: expect.stringContaining('blazeface-back-256'),
  });
  await rm(folder, { recursive: true });
});

it('does not start without its worker file', async () => {
  const workerFile = pathToFileURL('/nowhere/worker.js');
  await expect(startFleet({ workers: 1, queueWaitMs: 1000, engine, workerFile })).rejects.toThrow(
    /npm run build/,
  );
});

itWhere(existsSync('/proc/self/status'), 'needs Linux')(
  'binds each worker to a processor of its own when told to, a replacement to the same',
  async () => {
    const troubles: Error[] = [];
    const options = { workers: 2, queueWaitMs: 60_000, engine, pinWorkers: true };
    const pinned = await startFleet({ ...options, onTrouble: (error) => void troubles.push(error) });
    const processorsOf = () =>
      pinned
        .workersNow()
        .flatMap(({ pid }) => allowedProcessors(() => readFileSync(`/proc/${pid}/status`, 'utf8')))
        .sort();
    try {
      const allowed = allowedProcessors((path) => readFileSync(path, 'utf8'));
      const expected = [allowed[0], allowed[1 % allowed.length]];
      await expect.poll(processorsOf).toEqual(expected);
      const killed = pinned.workersNow()[0]?.pid as number;
      process.kill(killed, 'SIGKILL');
      await expect.poll(() => pinned.workersNow().map(({ pid }) => pid)).not.toContain(killed);
      await expect.poll(processorsOf).toEqual(expected);
      expect(troubles).toHaveLength(1);
    } finally {
      await pinned.close();
    }
  },
);
