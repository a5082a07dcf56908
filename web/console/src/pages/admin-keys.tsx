import { useState } from 'preact/hooks';
import { call } from '../api.ts';
import { moment, named, number, t } from '../i18n/index.ts';
import { Confirm, Dialog, ShownOnce } from '../ui/dialog.tsx';
import { Ends, endOf } from '../ui/ends.tsx';
import { Form } from '../ui/form.tsx';
import { Networks } from '../ui/networks.tsx';
import { Card, Field, PageHead } from '../ui/parts.tsx';
import { say } from '../ui/say.ts';
import { Listed, Rows } from '../ui/table.tsx';
import { wordsOf } from '../ui/words.ts';
import { usePages } from '../use-pages.ts';
import { RoleChoice } from './users/model.tsx';

interface AdminKey {
  readonly keyId: string;
  readonly name: string;
  readonly role: string;
  readonly networks: readonly string[];
  readonly expiresAt: string | null;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
}

interface Made {
  readonly adminKey: string;
  readonly key: AdminKey;
}

/** Keys by which programs use the admin API, and the key under which secrets are encrypted. */
export function AdminKeysPage() {
  const pages = usePages<AdminKey>('/admin-keys');
  const [isMaking, setMaking] = useState(false);
  const [made, setMade] = useState<Made | null>(null);
  const [chosen, setChosen] = useState<AdminKey | null>(null);
  return (
    <>
      <PageHead title={t('adminKeys.title')} lead={t('adminKeys.lead')}>
        <button type="button" class="button main" onClick={() => setMaking(true)}>
          {t('adminKeys.new')}
        </button>
      </PageHead>
      <Listed pages={pages} empty={t('adminKeys.none')}>
        {(rows) => <KeyRows rows={rows} onRemove={setChosen} />}
      </Listed>
      <MasterKeyCard />
      {isMaking && (
        <NewAdminKey
          onDone={(next) => {
            setMaking(false);
            setMade(next);
            pages.reload();
          }}
          onClose={() => setMaking(false)}
        />
      )}
      {made !== null && (
        <ShownOnce
          title={made.key.name}
          lead={t('keys.once')}
          values={[[t('adminKeys.key'), made.adminKey]]}
          onClose={() => setMade(null)}
        />
      )}
      {chosen !== null && (
        <Confirm
          title={t('adminKeys.removeTitle', { name: chosen.name })}
          effect={
            <>
              <p class="mono">{chosen.keyId}…</p>
              <p>
                {chosen.lastUsedAt === null
                  ? t('adminKeys.neverUsed')
                  : t('adminKeys.usedAt', { time: moment(chosen.lastUsedAt) })}
              </p>
              <p>{t('adminKeys.removeEffect')}</p>
            </>
          }
          action={t('adminKeys.remove')}
          isDanger
          onConfirm={async () => {
            await call(`/admin-keys/${chosen.keyId}`, { method: 'DELETE' });
            say(t('adminKeys.removed'));
            setChosen(null);
            pages.reload();
          }}
          onClose={() => setChosen(null)}
        />
      )}
    </>
  );
}

function KeyRows(props: { readonly rows: readonly AdminKey[]; readonly onRemove: (key: AdminKey) => void }) {
  return (
    <Rows
      label={t('adminKeys.title')}
      rows={props.rows}
      idOf={({ keyId }) => keyId}
      columns={[
        {
          name: t('adminKeys.name'),
          cell: ({ name, keyId }) => (
            <span class="two">
              {name}
              <span class="mono dim">{keyId}…</span>
            </span>
          ),
        },
        { name: t('users.role'), cell: ({ role }) => named('role', role) },
        {
          name: t('adminKeys.from'),
          cell: ({ networks }) => networks.join(', ') || t('adminKeys.everywhere'),
        },
        {
          name: t('ends.label'),
          cell: ({ expiresAt }) =>
            expiresAt === null ? (
              t('ends.never')
            ) : Date.parse(expiresAt) <= Date.now() ? (
              <span class="badge">{t('keys.over')}</span>
            ) : (
              moment(expiresAt)
            ),
        },
        {
          name: t('keys.lastUsed'),
          cell: ({ lastUsedAt }) => (lastUsedAt === null ? t('keys.never') : moment(lastUsedAt)),
        },
        {
          name: t('keys.deeds'),
          isUnseen: true,
          cell: (key) => (
            <button type="button" class="button small danger" onClick={() => props.onRemove(key)}>
              {t('adminKeys.remove')}
              <span class="unseen"> {key.name}</span>
            </button>
          ),
        },
      ]}
    />
  );
}

function NewAdminKey(props: { readonly onDone: (made: Made) => void; readonly onClose: () => void }) {
  const [name, setName] = useState('');
  const [role, setRole] = useState('viewer');
  const [networks, setNetworks] = useState('');
  const [end, setEnd] = useState('90');
  const submit = async () => {
    const json = {
      name: name.trim(),
      role,
      networks: wordsOf(networks),
      expiresAt: endOf(end),
    };
    props.onDone(await call<Made>('/admin-keys', { method: 'POST', json }));
  };
  return (
    <Dialog title={t('adminKeys.new')} onClose={props.onClose}>
      <Form submit={t('keys.makeKey')} onSubmit={submit} onCancel={props.onClose}>
        <Field
          label={t('adminKeys.name')}
          value={name}
          hint={t('adminKeys.nameHint')}
          maxLength={100}
          required
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
        <RoleChoice role={role} onChange={setRole} />
        <Networks value={networks} onChange={setNetworks} />
        <Ends value={end} onChange={setEnd} />
      </Form>
    </Dialog>
  );
}

function MasterKeyCard() {
  const [isAsking, setAsking] = useState(false);
  const close = () => setAsking(false);
  return (
    <Card title={t('masterKey.title')} class="apart">
      <p class="dim">{t('masterKey.lead')}</p>
      <div class="actions">
        <button type="button" class="button" onClick={() => setAsking(true)}>
          {t('masterKey.rotate')}
        </button>
      </div>
      {isAsking && (
        <Confirm
          title={t('masterKey.rotate')}
          effect={
            <>
              <p>{t('masterKey.effect')}</p>
              <p class="dim">{t('masterKey.fromEnvironment')}</p>
            </>
          }
          action={t('masterKey.rotate')}
          onConfirm={async () => {
            const done = await call<{ readonly keyId: string; readonly reencrypted: number }>(
              '/master-key/rotate',
              { method: 'POST' },
            );
            say(t('masterKey.done', { n: number(done.reencrypted), id: done.keyId }));
            close();
          }}
          onClose={close}
        />
      )}
    </Card>
  );
}
