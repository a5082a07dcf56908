import type { PublicKeyCredentialCreationOptionsJSON } from '@simplewebauthn/browser';
import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { moment, t } from '../../i18n/index.ts';
import { hasPasskeys, makePasskey } from '../../passkey.ts';
import { reloadMe } from '../../session.ts';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { Form } from '../../ui/form.tsx';
import { Card, Field } from '../../ui/parts.tsx';
import { say } from '../../ui/say.ts';
import { Listed, Rows } from '../../ui/table.tsx';
import { usePages } from '../../use-pages.ts';
import { PasswordNow } from './password.tsx';

interface Passkey {
  readonly id: string;
  readonly name: string;
  readonly createdAt: string;
  readonly lastUsedAt: string | null;
}

type Deed = { readonly kind: 'rename' | 'remove'; readonly passkey: Passkey } | { readonly kind: 'add' };

/** The passkeys of who is signed in. */
export function PasskeysCard() {
  const pages = usePages<Passkey>('/me/passkeys');
  const [deed, setDeed] = useState<Deed | null>(null);
  const close = () => setDeed(null);
  const done = () => {
    close();
    pages.reload();
    void reloadMe();
  };
  const canAdd = hasPasskeys();
  return (
    <Card
      title={t('account.passkeys')}
      class="whole"
      more={
        canAdd && (
          <button type="button" class="button small" onClick={() => setDeed({ kind: 'add' })}>
            {t('account.addPasskey')}
          </button>
        )
      }
    >
      <p class="dim lead">{t(canAdd ? 'account.passkeysLead' : 'account.noPasskeys')}</p>
      <Listed pages={pages} empty={t('account.passkeysNone')}>
        {(rows) => (
          <Rows
            label={t('account.passkeys')}
            rows={rows}
            idOf={({ id }) => id}
            columns={[
              { name: t('account.name'), cell: ({ name }) => name },
              { name: t('account.made'), cell: ({ createdAt }) => moment(createdAt) },
              {
                name: t('account.lastUsed'),
                cell: ({ lastUsedAt }) => (lastUsedAt === null ? t('account.never') : moment(lastUsedAt)),
              },
              {
                name: t('account.deeds'),
                isUnseen: true,
                cell: (passkey) => (
                  <span class="row-deeds">
                    <button
                      type="button"
                      class="button small"
                      onClick={() => setDeed({ kind: 'rename', passkey })}
                    >
                      {t('account.rename')}
                      <span class="unseen"> {passkey.name}</span>
                    </button>
                    <button
                      type="button"
                      class="button small danger"
                      onClick={() => setDeed({ kind: 'remove', passkey })}
                    >
                      {t('account.remove')}
                      <span class="unseen"> {passkey.name}</span>
                    </button>
                  </span>
                ),
              },
            ]}
          />
        )}
      </Listed>
      {deed?.kind === 'add' && <Add onDone={done} onClose={close} />}
      {deed?.kind === 'rename' && <Rename passkey={deed.passkey} onDone={done} onClose={close} />}
      {deed?.kind === 'remove' && <Remove passkey={deed.passkey} onDone={done} onClose={close} />}
    </Card>
  );
}

interface Deeded {
  readonly onDone: () => void;
  readonly onClose: () => void;
}

function NameField(props: { readonly name: string; readonly onChange: (name: string) => void }) {
  return (
    <Field
      label={t('account.name')}
      value={props.name}
      hint={t('account.nameHint')}
      maxLength={100}
      autocomplete="off"
      required
      onInput={({ currentTarget }) => props.onChange(currentTarget.value)}
    />
  );
}

function Add({ onDone, onClose }: Deeded) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const submit = async () => {
    const options = await call<PublicKeyCredentialCreationOptionsJSON>('/me/passkeys/options', {
      method: 'POST',
      json: { password },
    });
    const response = await makePasskey(options);
    await call('/me/passkeys', { method: 'POST', json: { name: name.trim(), response } });
    say(t('account.added'));
    onDone();
  };
  return (
    <Dialog title={t('account.addPasskey')} onClose={onClose}>
      <Form submit={t('account.next')} onSubmit={submit} onCancel={onClose}>
        <NameField name={name} onChange={setName} />
        <PasswordNow value={password} onChange={setPassword} />
      </Form>
    </Dialog>
  );
}

function Rename({ passkey, onDone, onClose }: Deeded & { readonly passkey: Passkey }) {
  const [name, setName] = useState(passkey.name);
  return (
    <Dialog title={t('account.renameTitle')} onClose={onClose}>
      <Form
        submit={t('account.save')}
        isOff={name.trim() === passkey.name}
        onSubmit={async () => {
          const path = `/me/passkeys/${encodeURIComponent(passkey.id)}`;
          await call(path, { method: 'PATCH', json: { name: name.trim() } });
          onDone();
        }}
        onCancel={onClose}
      >
        <NameField name={name} onChange={setName} />
      </Form>
    </Dialog>
  );
}

function Remove({ passkey, onDone, onClose }: Deeded & { readonly passkey: Passkey }) {
  const [password, setPassword] = useState('');
  return (
    <Confirm
      title={t('account.removeTitle', { name: passkey.name })}
      effect={<p>{t('account.removeEffect')}</p>}
      action={t('account.remove')}
      isDanger
      onConfirm={async () => {
        const path = `/me/passkeys/${encodeURIComponent(passkey.id)}`;
        await call(path, { method: 'DELETE', json: { password } });
        say(t('account.removed'));
        onDone();
      }}
      onClose={onClose}
    >
      <PasswordNow value={password} onChange={setPassword} />
    </Confirm>
  );
}
