import { ROLES, type Role } from '../permissions.ts';

/** Signing in at an OpenID Connect provider. */
export interface OidcSettings {
  /** Exactly as the provider writes it: `https://id.example.org/realms/staff`. */
  readonly issuer: string;
  readonly clientId: string;
  /** Read anew for each sign-in, so that it can be replaced; null: a client without a secret. */
  readonly clientSecret: () => Promise<string | null>;
  readonly scopes: readonly string[];
  /** What people know the provider as. */
  readonly name: string;
  /** Origins beside the issuer's own that the service may ask, as some providers spread over several. */
  readonly origins: readonly string[];
  /** The claim that names groups; `realm_access.roles` for one inside another. */
  readonly claim: string;
  /** Values of the claim, by the role that they give. */
  readonly groups: Readonly<Record<Role, readonly string[]>>;
  /** What becomes of people in none of these groups. */
  readonly others: 'refuse' | 'viewer';
  /** Whether signing out ends the session at the provider as well. */
  readonly endsSession: boolean;
  /**
   * Whether a new sign-in counts as a proof where the provider does not say when the person signed in there:
   * it may have let the browser pass without asking.
   */
  readonly proofWithoutTime: boolean;
}

type Claims = Readonly<Record<string, unknown>>;

/** The value of a claim; undefined where there is none. */
export function claimOf(claims: Claims, path: string): unknown {
  // Names with dots, and namespaces that are urls, are claims of their own.
  if (Object.hasOwn(claims, path)) return claims[path];
  let place: unknown = claims;
  for (const name of path.split('.')) {
    if (typeof place !== 'object' || place === null || !Object.hasOwn(place, name)) return undefined;
    place = (place as Claims)[name];
  }
  return place;
}

/**
 * The role that a claim gives: of several the first in the order of `ROLES`. Null: the person may not sign
 * in. Groups are compared letter by letter.
 */
export function roleOf(
  value: unknown,
  { groups, others }: Pick<OidcSettings, 'groups' | 'others'>,
): Role | null {
  const held = new Set([value].flat().filter((one) => typeof one === 'string'));
  const found = ROLES.find((role) => groups[role].some((group) => held.has(group)));
  return found ?? (others === 'viewer' ? 'viewer' : null);
}
