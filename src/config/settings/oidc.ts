import { group, list, maybeText, oneOf, text, yesNo } from './kinds.ts';

const groupsOf = (role: string) =>
  list({ default: [], description: `Groups whose members are ${role}; compared letter by letter.` });

/** Signing in to the console at an OpenID Connect provider. */
export const OIDC_SETTINGS = group('Sign-in to the console at an OpenID Connect provider.', {
  issuer: maybeText({
    default: null,
    check: 'issuer',
    description:
      'The provider, exactly as it names itself: `https://id.example.org/realms/staff` ([console.md](../run/console.md)). Its discovery document is read at the first sign-in. null: users sign in with passwords and passkeys alone.',
  }),
  clientId: maybeText({
    default: null,
    description: 'Under which the provider knows this service. Needed with an issuer.',
  }),
  clientSecret: maybeText({
    default: null,
    isSecret: true,
    environmentOnly: true,
    description: 'The secret of that client. null, and no file either: a public client, with PKCE alone.',
  }),
  clientSecretFile: maybeText({
    default: null,
    isPath: true,
    description: 'A file that holds the secret; read for each sign-in, so that it can be replaced.',
  }),
  name: text({
    default: 'single sign-on',
    description: 'What the button says behind "Sign in with".',
  }),
  scopes: list({
    default: ['openid', 'profile', 'email'],
    description: 'What the provider is asked for; `openid` must be there. Some need `groups` as well.',
  }),
  origins: list({
    default: [],
    check: 'origin',
    description:
      "Origins beside the issuer's own that the service may ask, for a provider that spreads over several. All others are refused, whatever the provider names.",
  }),
  claim: text({
    default: 'groups',
    description:
      'The claim with the groups, in the ID token or the user info; `realm_access.roles` for one inside another.',
  }),
  administrators: groupsOf('administrators'),
  operators: groupsOf('operators'),
  auditors: groupsOf('auditors'),
  viewers: groupsOf('viewers'),
  others: oneOf(['refuse', 'viewer'], {
    default: 'refuse',
    description:
      'What becomes of people who the provider signs in and who are in none of these groups. `refuse`: they may not use the console; `viewer`: they are viewers.',
  }),
  proofWithoutTime: yesNo({
    default: false,
    description:
      'What cannot be undone asks people to sign in at the provider again; that counts where `auth_time` in the ID token says that they just did. true: also where the provider sends none, though it may have let an open browser pass.',
  }),
  endSession: yesNo({
    default: true,
    description:
      'Whether signing out of the console leads to the sign-out of the provider, where it has one; `/console/` must be registered there as a place to return to.',
  }),
});
