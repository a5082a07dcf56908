import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import Database from 'libsql';
import { create } from 'tar';
import { describe, expect, it } from 'vitest';
import { somePair, someRow, temporaryFolder, temporaryStore } from '../../test-support/temp-store.ts';
import {
  backupOf,
  closedFolder,
  databaseIn,
  filled,
  keyIn,
  requestIds,
  restoreInto,
} from '../test-support/backups.ts';
import { unpackBackup } from './archive.ts';

describe('a backup', () => {
  it('made while rows are written holds every row that was acknowledged before it began', async () => {
    const dataDir = await temporaryFolder();
    const store = await temporaryStore({ dataDir, thread: true });
    await store.accounts.createApp({ appid: '1', name: 'x' }, somePair());
    const acknowledged: string[] = [];
    let writing = true;
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let i = 0; writing; i++) {
        await store.ledger.append(someRow({ requestId: `${writer}-${i}` }));
        acknowledged.push(`${writer}-${i}`);
      }
    });
    const folder = await temporaryFolder();
    for (let n = 0; n < 3; n++) {
      while (acknowledged.length < (n + 1) * 200) await new Promise((resolve) => setTimeout(resolve, 5));
      const before = [...acknowledged];
      const file = join(folder, `${n}.tar`);
      await backupOf(dataDir, file, true);
      const target = join(folder, `${n}`);
      await restoreInto(target, file);
      const ids = await requestIds(target);
      expect(before.filter((id) => !ids.has(id))).toEqual([]);
    }
    writing = false;
    await Promise.all(writers);
    expect(readdirSync(folder).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it("is one file, its owner's alone, with what it holds in its manifest; keys only where asked for", async () => {
    const dataDir = await temporaryFolder();
    await filled(dataDir);
    const folder = await temporaryFolder();
    const plain = await backupOf(dataDir, join(folder, 'a.tar'));
    const whole = await backupOf(dataDir, join(folder, 'b.tar'), true);
    expect(readdirSync(folder).sort()).toEqual(['a.tar', 'b.tar']);
    expect(statSync(join(folder, 'a.tar')).mode & 0o777).toBe(0o600);
    expect(statSync(join(folder, 'b.tar')).mode & 0o777).toBe(0o600);
    expect(plain).toMatchObject({
      apps: 1,
      ledgerRows: 20,
      lastLedgerId: 20,
      livestill: '1.2.3',
      why: 'asked',
    });
    expect(Object.keys(plain.files)).toEqual(['livestill.sqlite']);
    expect(Object.keys(whole.files)).toEqual(['livestill.sqlite', 'master.key']);
    const key = readFileSync(keyIn(dataDir), 'utf8').trim().split('\n').at(-1)!;
    expect(readFileSync(join(folder, 'a.tar'), 'utf8')).not.toContain(key);
    expect(readFileSync(join(folder, 'b.tar'), 'utf8')).toContain(key);
  });

  it('holds no answers that were kept for repeated requests', async () => {
    const dataDir = await temporaryFolder();
    const store = await filled(dataDir);
    const scope = { appid: '1', key: 'k' };
    const begun = await store.idempotency.beginIdempotent(scope, 'f', new Date(), new Date(Date.now() + 1e5));
    if (begun.kind !== 'begun') throw new Error('it must begin');
    const body = 'where the face is';
    const now = new Date();
    await store.idempotency.finishIdempotent(
      scope,
      begun.token,
      { http: 200, contentType: 'a/b', body },
      now,
      new Date(Date.now() + 1e6),
    );
    const file = join(await temporaryFolder(), 'b.tar');
    await backupOf(dataDir, file);
    expect(readFileSync(file).includes(body)).toBe(false);
  });

  it('never writes over a file, and says what is missing', async () => {
    const dataDir = await temporaryFolder();
    await filled(dataDir);
    const folder = await temporaryFolder();
    writeFileSync(join(folder, 'there.tar'), 'mine');
    await expect(backupOf(dataDir, join(folder, 'there.tar'))).rejects.toMatchObject({
      reason: 'file_exists',
    });
    expect(readFileSync(join(folder, 'there.tar'), 'utf8')).toBe('mine');
    await expect(backupOf(dataDir, join(folder, 'no', 'b.tar'))).rejects.toMatchObject({
      reason: 'folder_missing',
    });
    await expect(backupOf(folder, join(folder, 'b.tar'))).rejects.toMatchObject({ reason: 'data_missing' });
    expect(readdirSync(folder)).toEqual(['there.tar']);
  });

  it('of a damaged database is refused', async () => {
    const dataDir = await temporaryFolder();
    writeFileSync(databaseIn(dataDir), Buffer.alloc(8192, 0x5a));
    await expect(backupOf(dataDir, join(dataDir, 'b.tar'))).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'store_corrupt',
    });
    expect(readdirSync(dataDir)).toEqual(['livestill.sqlite']);
  });
});

describe('a damaged backup', () => {
  it('is refused wherever it is cut or changed, and the data folder stays as it is', async () => {
    const dataDir = await closedFolder();
    const before = readFileSync(databaseIn(dataDir));
    const folder = await temporaryFolder();
    const file = join(folder, 'b.tar');
    await backupOf(dataDir, file, true);
    const good = readFileSync(file);
    const bad = join(folder, 'bad.tar');
    const wrong = async (bytes: Buffer) => {
      writeFileSync(bad, bytes);
      await expect(restoreInto(dataDir, bad)).rejects.toMatchObject({
        reason: expect.stringMatching(/^backup_(damaged|newer)$/),
      });
    };
    const { size } = statSync(file);
    const content = [...Array(8).keys()].map((i) => 2048 + i * Math.floor((size - 8192) / 8));
    for (const at of content) {
      const bytes = Buffer.from(good);
      bytes[at] = bytes[at]! ^ 0x10;
      await wrong(bytes);
    }
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 0, max: size - 2048 }), (length) => wrong(good.subarray(0, length))),
      { numRuns: 25, seed: 13 },
    );
    await wrong(Buffer.from('no archive at all'));
    await expect(restoreInto(dataDir, join(folder, 'none.tar'))).rejects.toMatchObject({
      reason: 'backup_unreadable',
    });
    await expect(restoreInto(dataDir, folder)).rejects.toMatchObject({ reason: 'backup_unreadable' });
    expect(readFileSync(databaseIn(dataDir)).equals(before)).toBe(true);
    expect(readdirSync(dataDir).sort()).toEqual(['livestill.sqlite', 'master.key']);
  });

  it('that holds anything else is refused', async () => {
    const folder = await temporaryFolder();
    for (const name of ['manifest.json', 'livestill.sqlite', 'other', 'livestill.sqlite-wal'])
      writeFileSync(join(folder, name), '{}');
    const odd = join(folder, 'odd.tar');
    for (const names of [
      ['other'],
      ['manifest.json'],
      ['manifest.json', 'livestill.sqlite', 'livestill.sqlite-wal'],
    ]) {
      await create({ file: odd, cwd: folder }, names);
      await expect(unpackBackup(odd, null)).rejects.toMatchObject({ reason: 'backup_damaged' });
    }
  });

  it('or one of a newer version is refused with a word on it', async () => {
    const folder = await temporaryFolder();
    writeFileSync(join(folder, 'manifest.json'), JSON.stringify({ format: 2, files: {} }));
    writeFileSync(join(folder, 'livestill.sqlite'), 'later');
    await create({ file: join(folder, 'later.tar'), cwd: folder }, ['manifest.json', 'livestill.sqlite']);
    await expect(restoreInto(join(folder, 'data'), join(folder, 'later.tar'))).rejects.toMatchObject({
      reason: 'backup_newer',
    });
    const dataDir = await closedFolder();
    const raw = new Database(databaseIn(dataDir));
    raw.exec("insert into kysely_migration values ('9999-later', '2030-01-01')");
    raw.close();
    const file = join(folder, 'tables.tar');
    await backupOf(dataDir, file, true);
    await expect(restoreInto(join(folder, 'data'), file)).rejects.toMatchObject({
      kind: 'accounts_unavailable',
      reason: 'store_newer',
    });
    expect(existsSync(databaseIn(join(folder, 'data')))).toBe(false);
  });
});
