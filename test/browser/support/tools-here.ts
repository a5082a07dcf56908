import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { createConsole } from '../../../src/console/console.ts';
import { createPasswords } from '../../../src/console/password.ts';
import type { Role } from '../../../src/console/permissions.ts';
import { openStore, type Store } from '../../../src/store/open.ts';
import { createAdminServer } from '../../../src/wire/admin/server.ts';
import { type ToolsDeps, toolsAreas } from '../../../src/wire/admin/tools.ts';
import { PERSON } from './console.ts';

const built = fileURLToPath(new URL('../../../dist/web-console', import.meta.url));

/** The tools of the console over a store in this thread. */
export interface ToolsHere {
  readonly store: Store;
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts the admin port over a new data folder, with `PERSON` in it. Who starts it stops it. */
export async function startToolsHere(
  deps: (store: Store) => ToolsDeps,
  role: Role = 'administrator',
): Promise<ToolsHere> {
  const dataDir = await mkdtemp(join(tmpdir(), 'livestill-tools-'));
  const store = await openStore({ dataDir, thread: false });
  const place = { url: '' };
  const console = createConsole(
    store,
    { url: () => place.url, sessions: { idleMs: 30 * 60_000, absoluteMs: 12 * 3_600_000 } },
    () => Date.now(),
    createPasswords({ logN: 4 }),
  );
  const api = {
    console,
    version: '0.0.0',
    proxies: { trustedProxies: [] },
    areas: toolsAreas(deps(store)),
    defaults: { threshold: 87, capture: 'lenient', profile: 'careful' },
  } as const;
  const log = pino({ level: 'silent' });
  const server = createAdminServer({ store: async () => 'ok' }, log, undefined, undefined, api, built);
  place.url = `http://localhost:${await server.listen('127.0.0.1', 0)}`;
  const by = store.as({ kind: 'system', name: 'test', from: 'here' });
  const { link } = await console.users.add(by, { name: PERSON.name, role });
  await console.users.useLink({ token: link.token, name: PERSON.name, password: PERSON.password }, () => by);
  return {
    store,
    url: place.url,
    async stop() {
      await server.close();
      await store.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
