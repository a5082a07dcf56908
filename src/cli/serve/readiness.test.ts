import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { expect, it, onTestFinished } from 'vitest';
import { Fault } from '../../faults.ts';
import { openStore } from '../../store/open.ts';
import { freeBytesAt, readinessChecks } from './readiness.ts';

const log = pino({ level: 'silent' });
const state = { ready: true, draining: false };
const MiB = 1024 * 1024;

async function states(checks: ReturnType<typeof readinessChecks>): Promise<Record<string, string>> {
  return Object.fromEntries(
    await Promise.all(Object.entries(checks).map(async ([name, check]) => [name, await check()])),
  );
}

it('says what is wrong in a few words, and nothing of paths', async () => {
  let fault: Error | null = null;
  let free: number | null = 100 * MiB;
  const check = async () => {
    if (fault !== null) throw fault;
  };
  const checks = readinessChecks({ state, store: { check }, log, freeBytes: async () => free });
  const good = { service: 'ok', store: 'ok', disk: 'ok' };
  expect(await states(checks)).toEqual(good);
  for (const [reason, said] of [
    ['store_full', 'disk full'],
    ['store_readonly', 'read-only'],
    ['store_io', 'does not answer'],
  ] as const) {
    fault = new Fault('state_unavailable', reason, '/secret/path');
    expect(await states(checks)).toEqual({ ...good, store: said });
  }
  fault = new Error('/secret/path');
  expect(await states(checks)).toEqual({ ...good, store: 'does not answer' });
  fault = null;
  free = 8 * MiB - 1;
  expect(await states(checks)).toEqual({ ...good, disk: 'disk full' });
  free = null;
  expect(await states(checks)).toEqual(good);
});

/** A file system of its own, where this process may make one. */
function smallDisk(): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'livestill-disk-'));
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=24m', 'none', folder], { stdio: 'ignore' });
  } catch {
    rmSync(folder, { recursive: true });
    return null;
  }
  onTestFinished(() => {
    execFileSync('umount', ['-l', folder]);
    rmSync(folder, { recursive: true });
  });
  return folder;
}

it('a disk that is really full: not ready, and ready again once there is room (needs the right to mount)', async ({
  skip,
}) => {
  const folder = smallDisk();
  if (folder === null) return skip('this user may not mount a file system');
  const store = await openStore({ dataDir: join(folder, 'data'), thread: false });
  const checks = readinessChecks({ state, store, log, freeBytes: () => freeBytesAt(folder) });
  expect(await states(checks)).toEqual({ service: 'ok', store: 'ok', disk: 'ok' });
  const ballast = join(folder, 'ballast');
  expect(() => writeFileSync(ballast, Buffer.alloc(32 * MiB))).toThrow(
    expect.objectContaining({ code: 'ENOSPC' }),
  );
  expect((await states(checks)).disk).toBe('disk full');
  rmSync(ballast);
  await expect.poll(() => states(checks)).toEqual({ service: 'ok', store: 'ok', disk: 'ok' });
  await store.close();
});
