import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
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

  it('leaves the bytes it was given as they were', async () => {
    const picture = Uint8Array.from(await group('sample1'));
    const before = Buffer.from(picture);
    await fleet.judge(picture);
    expect(before.equals(picture)).toBe(true);
    await expect(fleet.judge(Buffer.from('not a picture'))).rejects.toMatchObject({ code: -4016 });
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
    import { appendFileSync, readFileSync } from 'node:fs';
    const tried = new URL('./tried', import.meta.url);
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
      appendFileSync(tried, what + '\\n');
      const times = readFileSync(tried, 'utf8').split('\\n').filter((line) => line === what).length;
      if (what === 'exit once' && times === 1) process.exit(3);
      if (what === 'hang once' && times === 1) for (;;);
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
  const timesTried = async (what: string) =>
    (await readFile(join(folder, 'tried'), 'utf8')).split('\n').filter((line) => line === what).length;
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
  beforeEach(() => writeFile(join(folder, 'tried'), ''));
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

  it.each([
    ['exit once', 'worker_crashed'],
    ['hang once', 'worker_stuck'],
  ])('%s: the picture is tried once more and answered', async (what, reason) => {
    await expect(judge(what)).resolves.toBeDefined();
    expect(await timesTried(what)).toBe(2);
    expect(troubles).toMatchObject([{ reason, message: expect.stringContaining('once more') }]);
    expect([fleet.running, fleet.waiting]).toEqual([0, 0]);
  });

  it.each(['exit', 'hang', 'later'])(
    '%s: a picture that cost two workers is not tried a third time',
    async (what) => {
      await expect(judge(what)).rejects.toMatchObject({ code: 213 });
      await expect(judge('good')).resolves.toBeDefined();
      expect(await timesTried(what)).toBe(2);
      expect(troubles).toHaveLength(2);
    },
  );

  it('what no worker was lost on is not tried again', async () => {
    await expect(judge('failure')).rejects.toMatchObject({ reason: 'engine_failed' });
    expect(await timesTried('failure')).toBe(1);
  });

  it('for a caller that left nothing is tried again', async () => {
    const caller = new AbortController();
    const judged = judge('exit', caller.signal);
    caller.abort();
    await expect(judged).rejects.toMatchObject({ code: 213 });
    expect(await timesTried('exit')).toBe(1);
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
