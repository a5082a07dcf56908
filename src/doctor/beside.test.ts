import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished, vi } from 'vitest';
import { loadConfig } from '../config/load.ts';
import { openStore } from '../store/open.ts';
import { somePair } from '../store/test-support/temp-store.ts';
import { examineBeside } from './beside.ts';

async function folder(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'livestill-beside-'));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function program(text: string): Promise<string> {
  const path = join(await folder(), 'program.mjs');
  await writeFile(path, text);
  return path;
}

it('the checks run beside a store that is open, all but those of ports', async () => {
  const dataDir = join(await folder(), 'data');
  const store = await openStore({ dataDir, thread: false });
  onTestFinished(() => store.close());
  await store.accounts.createApp({ appid: '1', name: 'x' }, somePair());
  const config = loadConfig({ overrides: { dataDir } });
  const { checks, isWhole } = await examineBeside(config, { withinMs: 60_000 });
  const status = (name: string) => checks.find((one) => one.name === name)?.status;
  expect(isWhole).toBe(true);
  expect(['picture library', 'inference library', 'database', 'stored keys'].map(status)).toEqual([
    'ok',
    'ok',
    'ok',
    'ok',
  ]);
  expect([status('port'), status('admin port')]).toEqual([undefined, undefined]);
});

it('what is not done in time is given up, what was found is told', async () => {
  const said = join(await folder(), 'said');
  const hanging = await program(`import { writeFileSync } from 'node:fs';
  process.once('message', () => {
    const check = { name: 'first', status: 'ok', found: 'x', advice: null };
    process.send({ kind: 'check', check }, () => writeFileSync(${JSON.stringify(said)}, ''));
    setInterval(() => {}, 1000);
  });`);
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  onTestFinished(() => void vi.useRealTimers());
  const examined = examineBeside(loadConfig(), { withinMs: 3000, program: hanging });
  await expect.poll(() => existsSync(said)).toBe(true);
  // What was sent before the file was written is read in one of the next turns.
  for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
  vi.advanceTimersByTime(3000);
  const { checks, isWhole } = await examined;
  expect(isWhole).toBe(false);
  expect(checks.map(({ name, status }) => [name, status])).toEqual([
    ['first', 'ok'],
    ['doctor', 'warn'],
  ]);
});

it('a process that ends takes nothing with it', async () => {
  const ending = await program(`process.once('message', () => process.kill(process.pid, 'SIGSEGV'));`);
  const { checks } = await examineBeside(loadConfig(), { withinMs: 30_000, program: ending });
  expect(checks).toMatchObject([{ status: 'fail', found: expect.stringContaining('SIGSEGV') }]);
  const broken = await program(
    `process.once('message', () => process.send({ kind: 'failed', message: 'odd' }));`,
  );
  const told = await examineBeside(loadConfig(), { withinMs: 30_000, program: broken });
  expect(told.checks).toMatchObject([{ status: 'fail', found: 'the checks broke off: odd' }]);
});
