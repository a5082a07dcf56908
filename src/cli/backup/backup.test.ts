import { readdirSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { somePair, someRow, temporaryFolder, temporaryStore } from '../../store/test-support/temp-store.ts';
import { livestill, livestillJson } from '../shared/test-support/livestill.ts';

let dataDir: string;
let folder: string;
beforeEach(async () => {
  [dataDir, folder] = [await temporaryFolder(), await temporaryFolder()];
  const store = await temporaryStore({ dataDir });
  await store.accounts.createApp({ appid: '1', name: 'x' }, somePair());
  await store.ledger.append(someRow());
});

describe('livestill backup and restore', () => {
  it('make a file beside a running service, look it over, and put it into a new folder', async () => {
    const file = join(folder, 'b.tar');
    const made = await livestill('backup', '--data', dataDir, '--to', file, '--with-keys');
    expect(made.out).toContain('was made and checked');
    expect(made.out).toMatch(/ledger rows +1, the newest of 2026-11-23T10:00:00\.123Z/);
    expect(await livestillJson('backup', '--data', dataDir, '--check', file)).toMatchObject({
      manifest: { apps: 1, ledgerRows: 1, why: 'asked' },
    });
    const back = join(folder, 'data');
    const restored = await livestill('restore', file, '--data', back);
    expect(restored.out).toContain('was put into');
    expect(readdirSync(back).sort()).toEqual(['livestill.sqlite', 'master.key']);
    const rows = await livestillJson<unknown[]>('ledger', 'show', '--data', back);
    expect(rows).toHaveLength(1);
  });

  it('leave who did it in the log of changes, the restore under the name of who restored', async () => {
    const file = join(folder, 'b.tar');
    await livestill('backup', '--data', dataDir, '--to', file, '--with-keys');
    const log = (...args: string[]) => livestillJson<{ action: string }[]>('log', 'admin', ...args);
    expect(await log('--data', dataDir, '--action', 'store')).toMatchObject([
      { action: 'store.backup', target: file, after: { withKeys: true, ledgerRows: 1, lastRow: 1 } },
    ]);
    const back = join(folder, 'data');
    await livestill('restore', file, '--data', back);
    const restored = {
      action: 'store.restore',
      target: file,
      actor: { kind: 'system', name: userInfo().username },
      after: { lastRow: 1, replacedLastRow: 0 },
    };
    for (const _ of [1, 2]) expect(await log('--data', back, '--action', 'store')).toMatchObject([restored]);
    expect(await log('--data', back, '--target', '1')).toMatchObject([{ action: 'app.create' }]);
    expect(await log('--data', back, '--until', '2026-01-01')).toEqual([]);
    expect((await livestill('log', 'admin', '--action', 'ap', '--data', back)).out).toBe(
      'No change matches.\n',
    );
    expect((await livestill('ledger', 'verify', '--data', back)).status).toBe(0);
  });

  it('refuse with status 2 and a word on what to do', async () => {
    const refused = async (...args: string[]) => {
      const { err, status } = await livestill(...args, '--data', dataDir);
      expect(status).toBe(2);
      return err;
    };
    const file = join(folder, 'b.tar');
    expect(await refused('backup')).toContain('expected one of --to and --check');
    expect(await refused('backup', '--to', file, '--check', file)).toContain('expected one of');
    writeFileSync(file, 'no backup');
    expect(await refused('backup', '--to', file)).toContain('exists already');
    expect(await refused('backup', '--check', file)).toContain('is damaged or no backup');
    expect(await refused('restore', file)).toContain('is damaged or no backup');
    const good = join(folder, 'good.tar');
    await livestill('backup', '--data', dataDir, '--to', good, '--with-keys');
    expect(await refused('restore', good)).toContain('stop the service');
  });

  it('a prune by age is refused while the clock is ahead', async () => {
    const store = await temporaryStore({ dataDir });
    await store.upkeep.lookAtClock(Date.now(), null);
    await store.upkeep.lookAtClock(Date.now() + 1000 * 86_400_000, 0);
    const { err, status } = await livestill(
      'ledger',
      'prune',
      '--older-than',
      '1d',
      '--yes',
      '--data',
      dataDir,
    );
    expect([status, err]).toEqual([2, expect.stringContaining('--before')]);
    expect(await store.ledger.count({})).toBe(1);
  });
});
