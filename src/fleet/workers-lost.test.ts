import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { itWhere } from '../../test/support/only-where.ts';
import { type Fleet, type FleetOptions, startFleet } from './fleet.ts';

const MB = 1024 * 1024;
const linux = existsSync('/proc/self/status');

/** A worker that speaks the protocol and does what the picture's text says. */
const program = `
  import { existsSync, readdirSync, writeFileSync } from 'node:fs';
  const file = (name) => new URL('./' + name, import.meta.url);
  const models = [{ name: 'none', role: 'classifier', sha256: '0' }];
  const kept = [];
  // Takes no messages any more, as in an endless loop, and leaves the processor to others.
  const hang = () => { for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1000); };
  let count = 0;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => {});
  process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
  process.on('message', async (task) => process.send(await (task.kind === 'start' ? start() : judge(await bytes(task.bytes)))));
  const chunks = [];
  let come = () => {};
  process.stdin.on('data', (chunk) => { chunks.push(chunk); come(); });
  async function bytes(count) {
    while (Buffer.concat(chunks).length < count) await new Promise((resolve) => { come = resolve; });
    return Buffer.concat(chunks.splice(0));
  }
  function start() {
    if (existsSync(file('no-start'))) process.exit(4);
    return { kind: 'warm', models, milliseconds: 1 };
  }
  async function judge(picture) {
    const what = picture.toString();
    // Empty files: a worker may write no byte into any.
    const tried = 'tried-' + picture.toString('hex') + '-';
    writeFileSync(file(tried + process.pid + '-' + process.hrtime.bigint()), '');
    const times = readdirSync(file('.')).filter((name) => name.startsWith(tried)).length;
    if (what === 'exit once' && times === 1) process.exit(3);
    if (what === 'hang once' && times === 1) hang();
    if (what === 'exit') process.exit(3);
    if (what === 'throw') throw new Error('thrown');
    if (what === 'later') setImmediate(() => { throw new Error('thrown later'); });
    if (what === 'hang') hang();
    if (what === 'segfault') process.kill(process.pid, 'SIGSEGV');
    if (what === 'abort') process.abort();
    if (what === 'stopped') process.kill(process.pid, 'SIGSTOP');
    if (what === 'eat') { kept.push(Buffer.alloc(600 * ${MB}, 1)); await new Promise(() => {}); }
    if (what === 'keep') kept.push(Buffer.alloc(290 * ${MB}, 1));
    if (what === 'environment') return { kind: 'judged', judgement: { environment: process.env } };
    if (['later', 'wait', 'segfault', 'stopped'].includes(what)) await new Promise((resolve) => setTimeout(resolve, 200));
    if (what === 'failure') return { kind: 'failure', name: 'TypeError', message: 'odd', stack: 'where' };
    count++;
    return { kind: 'judged', judgement: { score: count, pid: process.pid } };
  }
`;

let folder: string;
/** One that waits long for everything, and one that soon takes a picture for stuck. */
let patient: Fleet;
let strict: Fleet;
/** The one of them that the helpers below are about. */
let fleet: Fleet;
const troubles: Error[] = [];
const triedFiles = async (start = 'tried-') =>
  (await readdir(folder)).filter((name) => name.startsWith(start)).map((name) => join(folder, name));
const timesTried = async (what: string) =>
  (await triedFiles(`tried-${Buffer.from(what).toString('hex')}-`)).length;
const judge = (what: string, signal?: AbortSignal) =>
  fleet.judge(Uint8Array.from(Buffer.from(what)), signal === undefined ? {} : { signal });
const pids = () => fleet.workersNow().map((worker) => worker.pid);

const start = (parts: Partial<FleetOptions>) =>
  startFleet({
    workers: 2,
    queueWaitMs: 600_000,
    engine: {},
    judgeTimeoutMs: 120_000,
    readyWithinMs: 120_000,
    workerMemoryBytes: 400 * MB,
    workerFile: pathToFileURL(join(folder, 'worker.js')),
    onTrouble: (error) => void troubles.push(error),
    ...parts,
  });

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'livestill-worker-'));
  await writeFile(join(folder, 'package.json'), '{"type":"module"}');
  await writeFile(join(folder, 'worker.js'), program);
  patient = await start({});
  strict = await start({ judgeTimeoutMs: 3000 });
});
beforeEach(async () => {
  fleet = patient;
  for (const file of await triedFiles()) await rm(file);
});
afterEach(() => void troubles.splice(0));
afterAll(async () => {
  await patient?.close();
  await strict?.close();
  await rm(folder, { recursive: true });
});

describe('a worker lost on a picture', () => {
  it.each([
    ['exit', 'worker_crashed'],
    ['throw', 'worker_crashed'],
    ['later', 'worker_crashed'],
    ['segfault', 'worker_crashed'],
    ['abort', 'worker_crashed'],
    ['hang', 'worker_stuck'],
    ['stopped', 'worker_stuck'],
    ...(linux ? [['eat', 'worker_memory']] : []),
    ['failure', 'engine_failed'],
  ])('%s: that picture fails, the others do not notice', async (what, reason) => {
    if (reason === 'worker_stuck') fleet = strict;
    const kind = reason === 'engine_failed' ? 'engine_failed' : 'worker_lost';
    const bad = judge(what);
    const good = Promise.all(Array.from({ length: 6 }, () => judge('good')));
    await expect(bad).rejects.toMatchObject({ name: 'Fault', kind, reason });
    expect(await good).toHaveLength(6);
    await expect(judge('good')).resolves.toBeDefined();
    expect(troubles.length).toBeGreaterThan(0);
    expect([fleet.running, fleet.waiting]).toEqual([0, 0]);
  });

  it('tells how the process ended, and what it wrote last', async () => {
    await expect(judge('throw')).rejects.toMatchObject({
      cause: { reason: 'worker_crashed', cause: { message: expect.stringContaining('Error: thrown') } },
    });
    await expect(judge('segfault')).rejects.toThrow(/A worker crashed \(SIGSEGV\) on this picture/);
    await expect(judge('exit')).rejects.toThrow(/exit code 3/);
  });

  it.each([
    ['exit once', 'worker_crashed'],
    ['hang once', 'worker_stuck'],
  ])('%s: the picture is tried once more and answered', async (what, reason) => {
    if (reason === 'worker_stuck') fleet = strict;
    await expect(judge(what)).resolves.toBeDefined();
    expect(await timesTried(what)).toBe(2);
    expect(troubles).toMatchObject([{ reason, message: expect.stringContaining('once more') }]);
    expect([fleet.running, fleet.waiting]).toEqual([0, 0]);
  });

  it.each(['exit', 'hang', 'later'])(
    '%s: a picture that cost two workers is not tried a third time',
    async (what) => {
      if (what === 'hang') fleet = strict;
      await expect(judge(what)).rejects.toMatchObject({ kind: 'worker_lost' });
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
    await expect(judged).rejects.toMatchObject({ kind: 'worker_lost' });
    expect(await timesTried('exit')).toBe(1);
  });

  it('all workers crashing at once are all replaced, and counted', async () => {
    const before = fleet.lost.worker_crashed ?? 0;
    const outcomes = await Promise.allSettled(Array.from({ length: 8 }, () => judge('exit')));
    expect(outcomes.map((outcome) => outcome.status)).toEqual(Array(8).fill('rejected'));
    await expect(judge('good')).resolves.toBeDefined();
    await expect.poll(pids).toHaveLength(2);
    expect(fleet.lost.worker_crashed).toBe(before + 16);
  });
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

describe('a worker between two pictures', () => {
  it('that is killed from outside is replaced, and the next picture costs nothing', async () => {
    const before = pids();
    process.kill(before[0] as number, 'SIGKILL');
    expect(await Promise.all(Array.from({ length: 6 }, () => judge('good')))).toHaveLength(6);
    await expect.poll(() => pids().includes(before[0] as number)).toBe(false);
    await expect.poll(pids).toHaveLength(2);
    expect(pids()).toContain(before[1]);
    expect(troubles).toMatchObject([
      { reason: 'worker_crashed', message: expect.stringContaining('SIGKILL') },
    ]);
  });

  it('ignores the signals that a terminal or a service manager sends to the whole group', async () => {
    const before = pids();
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.kill(before[0] as number, signal);
    await Promise.all(Array.from({ length: 4 }, () => judge('good')));
    expect(pids()).toEqual(before);
  });

  itWhere(linux, 'needs Linux')('that has kept too much memory is replaced after its answer', async () => {
    await expect(judge('keep')).resolves.toBeDefined();
    await expect.poll(() => fleet.lost.worker_grown).toBe(1);
    await expect.poll(pids).toHaveLength(2);
    for (const { rssBytes } of fleet.workersNow()) expect(rssBytes).toBeLessThan(300 * MB);
    expect(troubles).toEqual([]);
  });
});

it('a worker that cannot be started again is tried until it can', async () => {
  const own = await start({ readyWithinMs: 1000 });
  onTestFinished(() => own.close());
  fleet = own;
  await writeFile(join(folder, 'no-start'), '');
  for (const pid of pids()) process.kill(pid, 'SIGKILL');
  await expect.poll(pids).toHaveLength(0);
  await expect(judge('good')).rejects.toMatchObject({ kind: 'worker_lost', reason: 'worker_missing' });
  const failed = /could not be replaced: it crashed \(exit code 4\)/;
  await expect.poll(() => troubles.map(String).join()).toMatch(failed);
  await rm(join(folder, 'no-start'));
  await expect.poll(pids).toHaveLength(2);
  await expect(judge('good')).resolves.toBeDefined();
});

it('no setting or key of the service reaches a worker', async () => {
  process.env.LIVESTILL_MASTER_KEY = 'secret';
  try {
    const before = pids();
    for (const pid of before) process.kill(pid, 'SIGKILL');
    await expect.poll(() => pids().filter((pid) => before.includes(pid))).toEqual([]);
    const { environment } = (await judge('environment')) as unknown as {
      environment: Record<string, string>;
    };
    expect(environment.PATH).toBe(process.env.PATH);
    expect(Object.keys(environment).filter((name) => name.startsWith('LIVESTILL_'))).toEqual([]);
  } finally {
    delete process.env.LIVESTILL_MASTER_KEY;
  }
});
