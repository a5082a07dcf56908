import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { moment, named, t } from '../i18n/index.ts';
import { session } from '../session.ts';
import { Dialog, ShownOnce } from '../ui/dialog.tsx';
import { Form } from '../ui/form.tsx';
import { Field, Name, PageHead } from '../ui/parts.tsx';
import { Listed, Rows } from '../ui/table.tsx';
import { usePages } from '../use-pages.ts';
import { type Linked, RoleChoice, stateOf, type User, UserState } from './users/model.tsx';
import { UserDialog } from './users/user-dialog.tsx';

/** The users of the console, for administrators. */
export function UsersPage() {
  const pages = usePages<User>('/users');
  const [chosen, setChosen] = useState<User | null>(null);
  const [isInviting, setInviting] = useState(false);
  const [linked, setLinked] = useState<Linked | null>(null);
  const now = session.value;
  const mine = now.kind === 'signedIn' ? now.me.user.id : '';
  const showLink = (next: Linked) => {
    setInviting(false);
    setChosen(null);
    setLinked(next);
    pages.reload();
  };
  return (
    <>
      <PageHead title={t('users.title')} lead={t('users.lead')}>
        <button type="button" class="button main" onClick={() => setInviting(true)}>
          {t('users.invite')}
        </button>
      </PageHead>
      <Listed pages={pages} empty={t('users.none')}>
        {(rows) => (
          <Rows
            label={t('users.title')}
            rows={rows}
            idOf={({ id }) => id}
            columns={[
              {
                name: t('users.name'),
                cell: ({ id, name }) => (
                  <span>
                    <Name>{name}</Name> {id === mine && <span class="dim">({t('users.you')})</span>}
                  </span>
                ),
              },
              { name: t('users.role'), cell: ({ role }) => named('role', role) },
              { name: t('users.state'), cell: (user) => <UserState user={user} /> },
              { name: t('users.factors'), cell: (user) => <span class="dim">{factorsOf(user)}</span> },
              {
                name: t('users.lastSignIn'),
                cell: ({ lastSignInAt }) => (lastSignInAt === null ? t('users.never') : moment(lastSignInAt)),
              },
              {
                name: t('users.deeds'),
                isUnseen: true,
                cell: (user) => (
                  <button type="button" class="button small" onClick={() => setChosen(user)}>
                    {t('users.manage')}
                    <span class="unseen"> {user.name}</span>
                  </button>
                ),
              },
            ]}
          />
        )}
      </Listed>
      {isInviting && <Invite onDone={showLink} onClose={() => setInviting(false)} />}
      {chosen !== null && (
        <UserDialog
          user={chosen}
          isMine={chosen.id === mine}
          onLink={showLink}
          onChange={() => {
            setChosen(null);
            pages.reload();
          }}
          onClose={() => setChosen(null)}
        />
      )}
      {linked !== null && (
        <ShownOnce
          title={t('users.linkTitle', { name: linked.user.name })}
          lead={t('users.linkLead', { time: moment(linked.link.until) })}
          values={[[t('users.link'), linked.link.url]]}
          onClose={() => setLinked(null)}
        />
      )}
    </>
  );
}

function factorsOf(user: User): string {
  const parts = [
    ...(user.provider !== null ? [new URL(user.provider).host] : []),
    ...(stateOf(user) !== 'invited' && user.hasPassword ? [t('users.password')] : []),
    ...(user.totp ? [t('users.codes')] : []),
    ...(user.passkeys > 0 ? [t('users.passkeys', { n: user.passkeys })] : []),
  ];
  return parts.join(' · ') || '–';
}

function Invite(props: { readonly onDone: (linked: Linked) => void; readonly onClose: () => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState('operator');
  return (
    <Dialog title={t('users.invite')} onClose={props.onClose}>
      <Form
        submit={t('users.makeLink')}
        onSubmit={async () =>
          props.onDone(await call<Linked>('/users', { method: 'POST', json: { name: name.trim(), role } }))
        }
        onCancel={props.onClose}
      >
        <p>{t('users.inviteLead')}</p>
        <Field
          label={t('users.name')}
          value={name}
          maxLength={100}
          autocomplete="off"
          required
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
        <RoleChoice role={role} onChange={setRole} />
      </Form>
    </Dialog>
  );
}
