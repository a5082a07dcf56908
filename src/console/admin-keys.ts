import { newKeyText } from '../account/api-key/api-key.ts';
import { checkName } from '../account/validate.ts';
import { UsageError } from '../faults.ts';
import { isInNetworks, networkProblem, networksOf } from '../networks.ts';
import type { Changes } from './changes.ts';
import type { Role } from './permissions.ts';
import { Refusal } from './refusal.ts';
import { digestOf, isSame } from './tokens.ts';
import type { AdminKey, ConsoleStore } from './types.ts';
import { checkRole } from './users.ts';

const FORM = /^(lsa_[A-Za-z0-9]{12})[A-Za-z0-9]{32}$/;
/** The use of a key is written this often at most, in ms. */
const TOUCH_AFTER = 60_000;

/** What is asked for when a key is made. */
export interface WantedAdminKey {
  readonly name: string;
  readonly role: Role;
  readonly networks: readonly string[];
  readonly expiresAt: Date | null;
  /** Id of the user who makes it; null: nobody of the console. */
  readonly madeBy: string | null;
}

/**
 * Makes a key of the admin API; it is shown this once.
 * @throws {UsageError} `invalid_name`, `invalid_role`, `invalid_network`, `invalid_expiry`
 */
export async function makeAdminKey(
  changes: Changes,
  wanted: WantedAdminKey,
  now: number,
): Promise<{ readonly adminKey: string; readonly key: AdminKey }> {
  checkName(wanted.name);
  checkRole(wanted.role);
  if (wanted.networks.length > 100)
    throw new UsageError(
      'invalid_network',
      `networks: expected at most 100, found ${wanted.networks.length}`,
    );
  for (const network of wanted.networks) {
    const problem = networkProblem(network);
    if (problem !== null)
      throw new UsageError('invalid_network', `network ${JSON.stringify(network)}: ${problem}`);
  }
  if (wanted.expiresAt !== null && !(wanted.expiresAt.getTime() > now))
    throw new UsageError('invalid_expiry', 'expiry: expected a time to come');
  const adminKey = newKeyText('lsa_');
  const keyId = adminKey.slice(0, 16);
  const { name, role, networks, expiresAt, madeBy } = wanted;
  const key = await changes.addAdminKey({
    keyId,
    name,
    role,
    networks,
    expiresAt,
    madeBy,
    digest: digestOf(adminKey),
  });
  return { adminKey, key };
}

/**
 * The key that a program showed.
 * @throws {Refusal} `sign_in_needed`, in the same words whatever is wrong with it
 */
export async function checkAdminKey(
  store: ConsoleStore,
  text: string,
  address: string,
  now: number,
): Promise<AdminKey> {
  const keyId = FORM.exec(text)?.[1];
  const found = keyId === undefined ? null : await store.findAdminKey(keyId);
  const isRight = isSame(digestOf(text), found?.digest ?? '');
  const isUsable =
    found !== null &&
    (found.expiresAt === null || found.expiresAt.getTime() > now) &&
    (found.networks.length === 0 || isInNetworks(networksOf(found.networks), address));
  if (found === null || !isRight || !isUsable)
    throw new Refusal('sign_in_needed', 'The admin key is unknown, over, or not for this address.');
  if (now - (found.lastUsedAt?.getTime() ?? 0) > TOUCH_AFTER)
    await store.touchAdminKey(found.keyId, new Date(now));
  const { digest: _, ...key } = found;
  return key;
}
