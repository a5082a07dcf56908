import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder, temporaryStore } from '../../test-support/temp-store.ts';
import { copiesFolder, copyBeforeMigration, dropOldCopies } from './migration-copy.ts';

const steps = { from: '0003-x', steps: ['0004-y'] };
const now = new Date('2026-11-29T12:00:00Z');

/** What a process leaves that is killed once its backup has its name, and before its work folder is gone. */
function leave(dataDir: string, pid: number | undefined): string {
  const work = join(copiesFolder(dataDir), `.livestill-backup-${pid}-0123456789ab`);
  mkdirSync(work);
  writeFileSync(join(work, 'livestill.sqlite'), 'records');
  return work;
}

async function copied() {
  const dataDir = await temporaryFolder();
  await (await temporaryStore({ dataDir })).close();
  const to = await copyBeforeMigration(dataDir, steps, 2, now);
  const { pid } = spawnSync(process.execPath, ['-e', '']);
  return { dataDir, to, left: leave(dataDir, pid), used: leave(dataDir, process.pid) };
}

it('what a killed process left of a backup goes at the next start, also where the backup is there', async () => {
  const { dataDir, to, left, used } = await copied();
  expect(await copyBeforeMigration(dataDir, steps, 2, now)).toBe(to);
  expect([left, used, to].map((path) => existsSync(path))).toEqual([false, true, true]);
});

it('what a killed process left of a backup goes when records are let go', async () => {
  const { dataDir, left, used } = await copied();
  expect(dropOldCopies(dataDir, new Date(Date.now() + 60_000))).toBe(1);
  expect(existsSync(left)).toBe(false);
  expect(readdirSync(copiesFolder(dataDir)).map((name) => join(copiesFolder(dataDir), name))).toEqual([used]);
});
