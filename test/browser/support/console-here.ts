import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import { createConsole, linkUrl } from '../../../src/console/console.ts';
import { createPasswords } from '../../../src/console/password.ts';
import type { Role } from '../../../src/console/permissions.ts';
import { openStore, type Store } from '../../../src/store/open.ts';
import type { AdminArea } from '../../../src/wire/admin/area.ts';
import { createAdminServer } from '../../../src/wire/admin/server.ts';

/** The password of everybody here. */
export const PASSWORD = 'seven quiet otters';

/** The admin port with its pages over a store in this thread, so that a test sees both sides. */
export interface ConsoleHere {
  readonly store: Store;
  readonly url: string;
  /** Adds a user who can sign in with `PASSWORD`. */
  addUser(name: string, role: Role): Promise<string>;
  /** A link by which a user who was added sets a password. */
  invite(name: string, role: Role): Promise<string>;
  stop(): Promise<void>;
}

const built = fileURLToPath(new URL('../../../dist/web-console', import.meta.url));

/**
 * Starts it over a new data folder. Who starts it stops it.
 * @param areas further areas of the admin API, over the same store
 */
export async function startConsoleHere(
  areas: (store: Store) => readonly AdminArea[] = () => [],
): Promise<ConsoleHere> {
  const dataDir = await mkdtemp(join(tmpdir(), 'livestill-console-'));
  const store = await openStore({ dataDir, thread: false });
  const place = { url: '' };
  const console = createConsole(
    store,
    { url: () => place.url, sessions: { idleMs: 30 * 60_000, absoluteMs: 12 * 3_600_000 } },
    () => Date.now(),
    createPasswords({ logN: 4 }),
  );
  const server = createAdminServer(
    { store: async () => 'ok' },
    pino({ level: 'silent' }),
    undefined,
    undefined,
    {
      console,
      version: '0.0.0',
      proxies: { trustedProxies: [] },
      defaults: {
        threshold: 87,
        capture: 'lenient',
        profile: 'careful',
        reviewLimits: { careful: { low: 0.2, high: 0.7 } },
      },
      operatingPoints: [],
      areas: areas(store),
    },
    built,
  );
  const port = await server.listen('127.0.0.1', 0);
  place.url = `http://localhost:${port}`;
  const by = store.as({ kind: 'system', name: 'test', from: 'here' });
  return {
    store,
    url: place.url,
    async addUser(name, role) {
      const { user, link } = await console.users.add(by, { name, role });
      await console.users.useLink({ token: link.token, name, password: PASSWORD }, () => by);
      return user.id;
    },
    async invite(name, role) {
      const { link } = await console.users.add(by, { name, role });
      return linkUrl(place.url, link.token);
    },
    async stop() {
      await server.close();
      await store.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
