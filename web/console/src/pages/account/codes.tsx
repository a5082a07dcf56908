import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { t } from '../../i18n/index.ts';
import { reloadMe } from '../../session.ts';
import { Copied } from '../../ui/copy.tsx';
import { Confirm, Dialog } from '../../ui/dialog.tsx';
import { Form } from '../../ui/form.tsx';
import { Card, Field } from '../../ui/parts.tsx';
import { say } from '../../ui/say.ts';
import { PasswordNow } from './password.tsx';
import { QrCode } from './qr-code.tsx';

interface Secret {
  readonly secret: string;
  readonly url: string;
}

/** Codes of an authenticator app as a second factor. */
export function CodesCard({ isOn }: { readonly isOn: boolean }) {
  const [dialog, setDialog] = useState<'on' | 'off' | null>(null);
  const close = () => setDialog(null);
  return (
    <Card
      title={t('account.codes')}
      more={<span class={`badge ${isOn ? 'live' : ''}`}>{t(isOn ? 'account.on' : 'account.off')}</span>}
    >
      <p class="dim">{t(isOn ? 'account.codesOn' : 'account.codesOff')}</p>
      <div class="actions">
        <button
          type="button"
          class={`button ${isOn ? 'danger' : ''}`}
          onClick={() => setDialog(isOn ? 'off' : 'on')}
        >
          {t(isOn ? 'account.codesEnd' : 'account.codesBegin')}
        </button>
      </div>
      {dialog === 'on' && <Begin onClose={close} />}
      {dialog === 'off' && <End onClose={close} />}
    </Card>
  );
}

function Begin({ onClose }: { readonly onClose: () => void }) {
  const [password, setPassword] = useState('');
  const [secret, setSecret] = useState<Secret | null>(null);
  const [code, setCode] = useState('');
  if (secret === null) {
    return (
      <Dialog title={t('account.codesBegin')} onClose={onClose}>
        <Form
          submit={t('account.next')}
          onSubmit={async () =>
            setSecret(await call<Secret>('/me/totp', { method: 'POST', json: { password } }))
          }
          onCancel={onClose}
        >
          <PasswordNow value={password} onChange={setPassword} />
        </Form>
      </Dialog>
    );
  }
  const confirm = async () => {
    await call('/me/totp/confirm', { method: 'POST', json: { secret: secret.secret, code } });
    say(t('account.codesDone'));
    onClose();
    await reloadMe();
  };
  return (
    <Dialog key="scan" title={t('account.codesBegin')} onClose={onClose}>
      <Form submit={t('account.confirm')} onSubmit={confirm} onCancel={onClose}>
        <p>{t('account.scan')}</p>
        <QrCode text={secret.url} label={t('account.qr')} />
        <Copied label={t('account.secret')} text={secret.secret} />
        <Field
          label={t('account.code')}
          value={code}
          inputMode="numeric"
          autocomplete="one-time-code"
          maxLength={7}
          autofocus
          required
          onInput={({ currentTarget }) => setCode(currentTarget.value)}
        />
      </Form>
    </Dialog>
  );
}

function End({ onClose }: { readonly onClose: () => void }) {
  const [password, setPassword] = useState('');
  return (
    <Confirm
      title={t('account.codesEnd')}
      effect={<p>{t('account.codesEndEffect')}</p>}
      action={t('account.codesEnd')}
      isDanger
      onConfirm={async () => {
        await call('/me/totp', { method: 'DELETE', json: { password } });
        say(t('account.codesEnded'));
        onClose();
        await reloadMe();
      }}
      onClose={onClose}
    >
      <PasswordNow value={password} onChange={setPassword} />
    </Confirm>
  );
}
