import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { moment, named, t } from '../../i18n/index.ts';
import { loadSession } from '../../session.ts';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { Form } from '../../ui/form.tsx';
import { Facts, Field } from '../../ui/parts.tsx';
import { say } from '../../ui/say.ts';
import { KeysThatGo } from './keys-that-go.tsx';
import { type Linked, RoleChoice, stateOf, type User, UserState } from './model.tsx';

interface Managed {
  readonly user: User;
  readonly isMine: boolean;
  readonly onLink: (linked: Linked) => void;
  readonly onChange: () => void;
  readonly onClose: () => void;
}

const DEEDS = ['turnOff', 'turnOn', 'secondFactor', 'reset', 'remove'] as const;
type Deed = (typeof DEEDS)[number];

/** Which deeds make sense for a user; one's own sign-in is changed with the password, on the account page. */
function deedsOf(user: User, isMine: boolean): readonly Deed[] {
  const hasSecondFactor = user.totp || user.passkeys > 0;
  return DEEDS.filter((deed) => {
    if (deed === 'turnOff') return user.enabled;
    if (deed === 'turnOn') return !user.enabled;
    if (isMine && (deed === 'reset' || deed === 'secondFactor')) return false;
    if (deed === 'reset') return user.provider === null;
    return deed !== 'secondFactor' || (hasSecondFactor && user.hasPassword);
  });
}

/** One user: name, role, and what can be done. */
export function UserDialog(props: Managed) {
  const { user, onChange, onClose, isMine } = props;
  const [name, setName] = useState(user.name);
  const [role, setRole] = useState(user.role);
  const [keepAdminKeys, setKeep] = useState(false);
  const [deed, setDeed] = useState<Deed | null>(null);
  if (deed !== null) return <Sure {...props} deed={deed} onClose={() => setDeed(null)} />;
  const isInvited = stateOf(user) === 'invited';
  const save = async () => {
    const json = {
      ...(name === user.name ? {} : { name: name.trim() }),
      ...(role === user.role ? {} : { role, keepAdminKeys }),
    };
    await call(`/users/${user.id}`, { method: 'PATCH', json });
    say(t('users.saved'));
    onChange();
    if (isMine) await loadSession();
  };
  return (
    <Dialog title={user.name} onClose={onClose}>
      <Facts
        facts={[
          [t('users.state'), <UserState key="state" user={user} />],
          [t('users.made'), moment(user.createdAt)],
        ]}
      />
      <Form
        submit={t('users.save')}
        isOff={name === user.name && role === user.role}
        onSubmit={save}
        onCancel={onClose}
      >
        <Field
          label={t('users.name')}
          value={name}
          maxLength={100}
          autocomplete="off"
          required
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
        <RoleChoice role={role} onChange={setRole} />
        {role !== user.role && (
          <p class="banner warn">{t('users.roleEffect', { role: named('role', role) })}</p>
        )}
        {role !== user.role && user.role === 'administrator' && (
          <KeysThatGo userId={user.id} isKept={keepAdminKeys} onChange={setKeep} />
        )}
      </Form>
      <ul class="deeds">
        {deedsOf(user, isMine).map((one) => (
          <li key={one}>
            <span class="dim">{t(`users.${one}.about`)}</span>
            <button
              type="button"
              class={`button small ${one === 'turnOn' ? '' : 'danger'}`}
              onClick={() => setDeed(one)}
            >
              {one === 'reset' && isInvited ? t('users.newLink') : t(`users.${one}`)}
            </button>
          </li>
        ))}
      </ul>
    </Dialog>
  );
}

function Sure(props: Managed & { readonly deed: Deed }) {
  const { user, deed, onClose, onChange, onLink, isMine } = props;
  const path = `/users/${user.id}`;
  const [keepAdminKeys, setKeep] = useState(false);
  const work = async () => {
    if (deed === 'reset') return onLink(await call<Linked>(`${path}/reset`, { method: 'POST' }));
    if (deed === 'secondFactor') await call(`${path}/reset-second-factor`, { method: 'POST' });
    else if (deed === 'remove') await call(`${path}?keepAdminKeys=${keepAdminKeys}`, { method: 'DELETE' });
    else await call(path, { method: 'PATCH', json: { enabled: deed === 'turnOn', keepAdminKeys } });
    say(t('users.saved'));
    onChange();
    if (isMine) await loadSession();
  };
  return (
    <Confirm
      title={t(`users.${deed}.title`, { name: user.name })}
      effect={
        <>
          <p>{t(`users.${deed}.effect`)}</p>
          {(deed === 'remove' || deed === 'turnOff') && (
            <KeysThatGo userId={user.id} isKept={keepAdminKeys} onChange={setKeep} />
          )}
          {isMine && deed !== 'turnOn' && <p class="banner warn">{t('users.thatIsYou')}</p>}
        </>
      }
      action={t(`users.${deed}`)}
      isDanger={deed !== 'turnOn'}
      onConfirm={work}
      onClose={onClose}
    />
  );
}
