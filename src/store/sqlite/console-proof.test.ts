import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder, temporaryStore } from '../test-support/temp-store.ts';
import { openConnection } from './connection.ts';

const user = (id: string, name: string, createdAt: number) =>
  `insert into console_user (id, name, name_key, role, enabled, created_at)
   values ('${id}', '${name}', '${name}', 'administrator', 1, ${createdAt})`;

const key = (keyId: string, kind: string, by: string, at: number) =>
  `insert into admin_key (key_id, name, role, digest, networks, created_at)
     values ('${keyId}', '${keyId}', 'operator', '${keyId}', '[]', ${at});
   insert into admin_log (at, actor_kind, actor_name, actor_from, action, target, salt, hash)
     values (${at}, '${kind}', '${by}', '', 'admin_key.create', '${keyId}', '', '')`;

it('admin keys from before belong to the user that the log of changes names, also through a key', async () => {
  const dataDir = await temporaryFolder();
  await (await temporaryStore({ dataDir })).close();
  const path = join(dataDir, 'livestill.sqlite');
  const old = openConnection(path, 1000);
  for (const statement of [
    'alter table admin_key drop column made_by',
    'alter table console_session drop column proven_at',
    "delete from kysely_migration where name >= '0023'",
    user('u-ada', 'ada', 1000),
    user('u-bob', 'bob', 5000),
    key('by-ada', 'console', 'ada', 2000),
    key('by-her-key', 'key', 'by-ada', 3000),
    key('by-that-key', 'key', 'by-her-key', 4000),
    // Another bob, who is gone.
    key('by-former-bob', 'console', 'bob', 4000),
    key('by-shell', 'cli', 'ada', 4000),
  ]) {
    old.script(statement);
  }
  old.close();

  await (await temporaryStore({ dataDir })).close();

  const now = openConnection(path, 1000);
  const { rows } = now.execute('select key_id, made_by from admin_key order by created_at, key_id', []);
  now.close();
  expect(rows.map(({ key_id, made_by }) => [key_id, made_by])).toEqual([
    ['by-ada', 'u-ada'],
    ['by-her-key', 'u-ada'],
    ['by-former-bob', null],
    ['by-shell', null],
    ['by-that-key', 'u-ada'],
  ]);
});
