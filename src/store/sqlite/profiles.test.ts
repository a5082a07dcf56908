import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { somePair, temporaryFolder, temporaryStore } from '../test-support/temp-store.ts';
import { type Connection, openConnection } from './connection.ts';
import { BEFORE_REVIEW } from './test-support/older-tables.ts';

/** A connection to the file, behind the store's back: what a version before the profile `single` does. */
function behind(dataDir: string): Connection {
  const connection = openConnection(join(dataDir, 'livestill.sqlite'), 1000);
  onTestFinished(() => connection.close());
  return connection;
}

const column = (connection: Connection, appid: string) =>
  connection.execute('select profile from app where appid = ?', [appid]).rows[0]!.profile;

it('keeps every profile; a version that does not know "single" sees the server\'s setting in its place', async () => {
  const dataDir = await temporaryFolder();
  const { accounts } = await temporaryStore({ dataDir });
  await accounts.createApp({ appid: '1000001', name: 'x', policy: { profile: 'single' } }, somePair());
  expect((await accounts.findApp('1000001'))?.policy.profile).toBe('single');
  for (const profile of ['careful', 'fast', 'single', null] as const) {
    await accounts.setPolicy('1000001', { profile });
    expect((await accounts.findApp('1000001'))?.policy.profile).toBe(profile);
    expect(column(behind(dataDir), '1000001')).toBe(profile === 'single' ? null : profile);
  }
  await accounts.setPolicy('1000001', { profile: 'fast' });
  await accounts.setPolicy('1000001', { threshold: 91 });
  expect((await accounts.findApp('1000001'))?.policy).toMatchObject({ threshold: 91, profile: 'fast' });
  await expect(accounts.setPolicy('1000001', { profile: 'quick' as 'fast' })).rejects.toThrow(
    /expected careful, fast, single or default/,
  );
});

it('follows what a version before it writes', async () => {
  const dataDir = await temporaryFolder();
  const { accounts } = await temporaryStore({ dataDir });
  const old = behind(dataDir);
  old.script(
    "insert into app (appid, name, state, buckets, profile, created_at) values ('1000002', 'y', 'active', '[]', 'fast', 1)",
  );
  const now = async () => (await accounts.findApp('1000002'))?.policy.profile;
  expect(await now()).toBe('fast');
  for (const profile of ['careful', null, 'fast'] as const) {
    old.script(
      `update app set profile = ${profile === null ? 'null' : `'${profile}'`} where appid = '1000002'`,
    );
    expect(await now()).toBe(profile);
  }
  await accounts.setPolicy('1000002', { profile: 'single' });
  old.script("update app set threshold = 80 where appid = '1000002'");
  expect(await now()).toBe('single');
  old.script("update app set profile = 'careful' where appid = '1000002'");
  expect(await now()).toBe('careful');
});

it('brings a data folder from before it up to date, with the profiles that its apps ask for', async () => {
  const dataDir = await temporaryFolder();
  const first = await temporaryStore({ dataDir });
  await first.accounts.createApp({ appid: '1000001', name: 'x', policy: { profile: 'fast' } }, somePair());
  await first.close();
  const old = openConnection(join(dataDir, 'livestill.sqlite'), 1000);
  for (const undo of [
    ...BEFORE_REVIEW,
    'drop trigger app_profile_added',
    'drop trigger app_profile_changed',
    'alter table app drop column profile_name',
    'alter table app drop column capture',
    "delete from kysely_migration where name >= '0009'",
  ]) {
    old.script(undo);
  }
  old.close();
  const { accounts } = await temporaryStore({ dataDir });
  expect((await accounts.findApp('1000001'))?.policy.profile).toBe('fast');
});

it('finds an app that asks for one of some profiles', async () => {
  const { accounts } = await temporaryStore();
  await accounts.createApp(
    { appid: '1000001', name: 'x', policy: { profile: 'single' } },
    somePair('AKIDone000000001'),
  );
  await accounts.createApp({ appid: '1000002', name: 'y' }, somePair('AKIDtwo000000001'));
  expect(await accounts.findAppWithProfile(['careful', 'fast'])).toBeNull();
  await accounts.setPolicy('1000002', { profile: 'careful' });
  expect(await accounts.findAppWithProfile(['careful', 'fast'])).toBe('1000002');
  await accounts.setAppState('1000002', 'closed');
  expect(await accounts.findAppWithProfile(['careful', 'fast'])).toBeNull();
});
