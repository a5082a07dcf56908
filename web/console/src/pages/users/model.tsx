import { named, t } from '../../i18n/index.ts';
import { Choice } from '../../ui/parts.tsx';

/** A user as it is listed. */
export interface User {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  readonly enabled: boolean;
  readonly hasPassword: boolean;
  readonly totp: boolean;
  readonly passkeys: number;
  readonly createdAt: string;
  readonly lastSignInAt: string | null;
}

/** A user with the link that sets a password. */
export interface Linked {
  readonly user: User;
  readonly link: { readonly url: string; readonly until: string };
}

/** The roles, the mightiest first. */
const ROLES = ['administrator', 'operator', 'auditor', 'viewer'] as const;

/** Whether a user can sign in: `invited` has not set a password yet. */
export function stateOf({ enabled, hasPassword, passkeys }: User): 'on' | 'off' | 'invited' {
  if (!enabled) return 'off';
  return hasPassword || passkeys > 0 ? 'on' : 'invited';
}

/** The state in words and colour. */
export function UserState({ user }: { readonly user: User }) {
  const state = stateOf(user);
  const look = { on: 'live', off: 'attack', invited: 'poor_quality' }[state];
  return <span class={`badge ${look}`}>{t(`users.state.${state}`)}</span>;
}

/** A choice of role that says what the role may do. */
export function RoleChoice(props: { readonly role: string; readonly onChange: (role: string) => void }) {
  return (
    <Choice
      label={t('users.role')}
      value={props.role}
      hint={named('role.may', props.role)}
      options={ROLES.map((one) => [one, named('role', one)] as const)}
      onChoose={props.onChange}
    />
  );
}
