import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser';
import { useEffect, useState } from 'preact/hooks';
import { call } from '../api.ts';
import { t } from '../i18n/index.ts';
import { hasPasskeys, signByPasskey } from '../passkey.ts';
import { type EndProof, proofAsked } from '../proof.ts';
import { leaveForProvider } from '../single-sign-on.ts';
import type { Me } from '../types.ts';
import { Dialog } from './dialog.tsx';
import { Form, useSubmit } from './form.tsx';
import { Field } from './parts.tsx';

/** The question who sits there, where an action asks for it. */
export function ProofDialog({ me }: { readonly me: Me }) {
  const end = proofAsked.value;
  return end === null ? null : <Asked user={me.user} end={end} />;
}

function Asked({ user, end }: { readonly user: Me['user']; readonly end: EndProof }) {
  const cancel = () => end(false);
  useEffect(() => backToDialog, []);
  return (
    <Dialog title={t('proof.title')} onClose={cancel}>
      {user.provider === null ? (
        <>
          <ByPassword user={user} end={end} />
          {user.passkeys > 0 && hasPasskeys() && <ByPasskey end={end} />}
        </>
      ) : (
        <Form
          submit={t('signIn.provider', { name: new URL(user.provider).host })}
          onSubmit={() => leaveForProvider(true)}
          onCancel={cancel}
        >
          <p>{t('proof.provider')}</p>
        </Form>
      )}
    </Dialog>
  );
}

/** The dialog that the question came over has the keyboard again, at its button. */
function backToDialog(): void {
  setTimeout(() => {
    const below = [...document.querySelectorAll<HTMLElement>('dialog[open]')].at(-1);
    if (below === undefined || below.contains(document.activeElement)) return;
    below.querySelector<HTMLElement>('button[type=submit]:enabled, button:enabled')?.focus();
  });
}

function ByPassword({ user, end }: { readonly user: Me['user']; readonly end: EndProof }) {
  const [password, setPassword] = useState('');
  const [code, setCode] = useState('');
  const prove = async () => {
    await call('/me/proof', { method: 'POST', json: { password, ...(user.totp ? { code } : {}) } });
    end(true);
  };
  return (
    <Form submit={t('proof.submit')} onSubmit={prove} onCancel={() => end(false)}>
      <p>{t('proof.lead')}</p>
      {/* For password managers: whose password it is. */}
      <input type="text" value={user.name} autocomplete="username" readOnly hidden />
      <Field
        label={t('signIn.password')}
        type="password"
        value={password}
        autocomplete="current-password"
        autofocus
        required
        onInput={({ currentTarget }) => setPassword(currentTarget.value)}
      />
      {user.totp && (
        <Field
          label={t('signIn.code')}
          value={code}
          inputMode="numeric"
          autocomplete="one-time-code"
          required
          onInput={({ currentTarget }) => setCode(currentTarget.value)}
        />
      )}
    </Form>
  );
}

function ByPasskey({ end }: { readonly end: EndProof }) {
  const { problem, isBusy, run } = useSubmit();
  const prove = async () => {
    const options = await call<PublicKeyCredentialRequestOptionsJSON>('/me/proof/passkey/options', {
      method: 'POST',
    });
    await call('/me/proof/passkey', { method: 'POST', json: { response: await signByPasskey(options) } });
    end(true);
  };
  return (
    <div class="other-ways">
      <p class="or dim">{t('signIn.or')}</p>
      <div class="other-way">
        <button type="button" class="button" disabled={isBusy} onClick={() => void run(prove)}>
          {t('proof.passkey')}
        </button>
        <p class="problem" role="alert">
          {problem}
        </p>
      </div>
    </div>
  );
}
