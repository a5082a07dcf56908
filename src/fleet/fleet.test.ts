import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createLiveness } from '../engine.ts';
import { type Fleet, type FleetOptions, startFleet } from './fleet.ts';

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

  it('takes over the memory of the picture, a small one in a shared slab excepted', async () => {
    const large = Uint8Array.from(await group('sample1'));
    await fleet.judge(large);
    expect(large.byteLength).toBe(0);
    const small = Buffer.from('not a picture');
    const neighbour = Buffer.from('its neighbour');
    await expect(fleet.judge(small)).rejects.toMatchObject({ name: 'Fault', code: -4016 });
    expect(neighbour.toString()).toBe('its neighbour');
  });

  it('passes threshold and profile on', async () => {
    const picture = await group('sample1');
    const judgement = await fleet.judge(Uint8Array.from(picture), { threshold: 12, profile: 'careful' });
    expect(judgement).toMatchObject({ threshold: 12, profile: 'careful' });
    expect((await fleet.judge(Uint8Array.from(picture))).profile).toBe('fast');
  });

  it('tells which models it uses, before any picture', () => {
    expect(fleet.models.map((model) => model.role).sort()).toEqual(['classifier', 'detector', 'detector']);
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

describe('workers that fail', () => {
  /** A worker that speaks the protocol and does what the picture's text says. */
  const program = `
    const models = [{ name: 'none', role: 'classifier', sha256: '0' }];
    let count = 0;
    export async function warm({ barrier, workers }) {
      const counter = new Int32Array(barrier);
      Atomics.add(counter, 0, 1);
      Atomics.notify(counter, 0);
      for (let seen; (seen = Atomics.load(counter, 0)) < workers; ) Atomics.wait(counter, 0, seen, 100);
      return { kind: 'warm', models, milliseconds: 1 };
    }
    export async function judge({ picture }) {
      const what = Buffer.from(picture).toString();
      if (what === 'exit') process.exit(3);
      if (what === 'throw') throw new Error('thrown');
      if (what === 'later') setImmediate(() => { throw new Error('thrown later'); });
      if (what === 'hang') for (;;);
      if (what === 'later' || what === 'wait') await new Promise((resolve) => setTimeout(resolve, 200));
      if (what === 'failure') return { kind: 'failure', name: 'TypeError', message: 'odd', stack: 'where' };
      count++;
      return { kind: 'judged', judgement: { score: count } };
    }
  `;
  let folder: string;
  let fleet: Fleet;
  const troubles: Error[] = [];
  const judge = (what: string, signal?: AbortSignal) =>
    fleet.judge(Uint8Array.from(Buffer.from(what)), signal === undefined ? {} : { signal });

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'livestill-worker-'));
    await writeFile(join(folder, 'package.json'), '{"type":"module"}');
    await writeFile(join(folder, 'worker.js'), program);
    fleet = await startFleet({
      workers: 2,
      queueWaitMs: 60_000,
      engine: {},
      judgeTimeoutMs: 1000,
      workerFile: pathToFileURL(join(folder, 'worker.js')),
      onTrouble: (error) => void troubles.push(error),
    });
  });
  afterEach(() => void troubles.splice(0));
  afterAll(async () => {
    await fleet.close();
    await rm(folder, { recursive: true });
  });

  it.each([
    ['exit', 'worker_crashed'],
    ['throw', 'worker_crashed'],
    ['later', 'worker_crashed'],
    ['hang', 'worker_stuck'],
    ['failure', 'engine_failed'],
  ])('%s: that picture answers 213, the others do not notice', async (what, reason) => {
    const bad = judge(what);
    const good = Promise.all(Array.from({ length: 6 }, () => judge('good')));
    await expect(bad).rejects.toMatchObject({ name: 'Fault', code: 213, reason });
    expect(await good).toHaveLength(6);
    await expect(judge('good')).resolves.toBeDefined();
    expect(troubles.length).toBeGreaterThan(0);
    expect([fleet.running, fleet.waiting]).toEqual([0, 0]);
  });

  it('all workers crashing at once are all replaced', async () => {
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => judge('exit')));
    expect(outcomes.map((outcome) => outcome.status)).toEqual(Array(8).fill('rejected'));
    await expect(judge('good')).resolves.toBeDefined();
  });

  it('a picture given up while it waits never reaches a worker; one being judged is judged', async () => {
    const [running, waiting] = [new AbortController(), new AbortController()];
    const judged = [judge('wait', running.signal), judge('wait')];
    const given = judge('good', waiting.signal);
    running.abort();
    waiting.abort();
    await expect(given).rejects.toMatchObject({ name: 'AbortError' });
    expect(await Promise.all(judged)).toHaveLength(2);
    expect(troubles).toEqual([]);
  });
});
