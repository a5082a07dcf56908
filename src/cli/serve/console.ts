import { readFile, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { Config } from '../../config/load.ts';
import { type Console, createConsole, linkUrl } from '../../console/console.ts';
import type { OidcSettings } from '../../console/oidc/settings.ts';
import { writeWhole } from '../../files/write.ts';
import type { Store } from '../../store/open.ts';
import type { KeyPlace } from './first-app.ts';

/** Where the service is reached, as far as it is known. */
export interface Places {
  port: number;
  adminPort: number;
}

/** Under which people reach the console. */
export function consoleUrl({ console }: Pick<Config, 'console'>, adminPort: number): string {
  return console.url ?? `http://localhost:${adminPort}`;
}

/** The console over a store; null where it is switched off. */
export function consoleOf(config: Config, store: Store, places: Places): Console | null {
  const { enabled, idleMinutes, sessionHours } = config.console;
  if (!enabled) return null;
  return createConsole(
    store,
    {
      url: () => consoleUrl(config, places.adminPort),
      sessions: { idleMs: idleMinutes * 60_000, absoluteMs: sessionHours * 3_600_000 },
      oidc: oidcOf(config),
    },
    () => Date.now(),
  );
}

function oidcOf({ console }: Pick<Config, 'console'>) {
  const { oidc } = console;
  if (oidc.issuer === null || oidc.clientId === null) return undefined;
  const { clientSecret, clientSecretFile } = oidc;
  const settings: OidcSettings = {
    ...oidc,
    issuer: oidc.issuer,
    clientId: oidc.clientId,
    clientSecret: async () =>
      clientSecretFile === null ? clientSecret : (await readFile(clientSecretFile, 'utf8')).trim(),
    groups: {
      administrator: oidc.administrators,
      operator: oidc.operators,
      auditor: oidc.auditors,
      viewer: oidc.viewers,
    },
    endsSession: oidc.endSession,
  };
  return { settings, fetch: (url: string, init: RequestInit) => fetch(url, init) };
}

/** The file in the data folder that takes the setup link where there is no terminal to show it on. */
const LINK_FILE = 'console-setup.txt';

/**
 * What a start says of the console: its address, and while there is no user the
 * link that makes the first one. Where a log may be kept, the link goes into a file that this user alone can
 * read.
 */
export async function consoleLines(
  config: Config,
  console: Console,
  place: KeyPlace,
): Promise<readonly (readonly [name: string, value: string])[]> {
  const url = console.settings.url();
  const address = ['console', `${url}/console/`] as const;
  const path = resolve(config.dataDir, LINK_FILE);
  const link = await console.users.setupLink();
  if (link === null) {
    // Of no use any more.
    await rm(path, { force: true }).catch(() => {});
    return [address];
  }
  const text = linkUrl(url, link.token);
  const until = `once, until ${link.until.toISOString()}`;
  if (place === 'terminal') return [address, ['set it up', `${text} (${until})`]];
  const isKept = await writeWhole(
    path,
    `Set up the console of livestill (${until}):\n\n${text}\n`,
    0o600,
  ).then(
    () => true,
    () => false,
  );
  return [
    address,
    [
      'set it up',
      isKept
        ? `the link is in ${path} (readable by this user alone, ${until})`
        : `with a link that "livestill user setup-link" prints: ${path} cannot be written`,
    ],
  ];
}
