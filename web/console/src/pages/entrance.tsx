import type { PublicKeyCredentialRequestOptionsJSON } from '@simplewebauthn/browser';
import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import { ApiError, call } from '../api.ts';
import { t } from '../i18n/index.ts';
import { hasPasskeys, signByPasskey } from '../passkey.ts';
import { go, hrefOf, place } from '../router.ts';
import { enter, type Session } from '../session.ts';
import { leaveForProvider } from '../single-sign-on.ts';
import type { Me } from '../types.ts';
import { Form, useSubmit } from '../ui/form.tsx';
import { checkTyped, NewPasswordFields, NO_PASSWORD } from '../ui/new-password.tsx';
import { Field, PageHead } from '../ui/parts.tsx';
import { said } from '../ui/said.ts';
import { Looks, Reach } from '../ui/shell.tsx';

/** What is shown where nobody is signed in. */
export function Entrance({ now }: { readonly now: Session }) {
  const isSetup = now.kind === 'setup' || (place.value.path === '/setup' && tokenOf() !== '');
  return (
    <main class="centre">
      <Reach />
      <div class="card entrance">
        <img src={hrefOf('/icon.svg')} alt="" width="40" height="40" />
        {isSetup ? <Setup now={now} /> : <SignIn now={now} />}
      </div>
      <Looks />
    </main>
  );
}

/** One way in: what it is, its fields, and its button. */
function Way(props: {
  readonly title: string;
  readonly lead: string;
  readonly submit: string;
  readonly onSubmit: () => Promise<void>;
  readonly children: ComponentChildren;
}) {
  return (
    <>
      <PageHead title={props.title} lead={props.lead} />
      <Form submit={props.submit} onSubmit={props.onSubmit}>
        {props.children}
      </Form>
    </>
  );
}

function NameField(props: { readonly name: string; readonly onChange: (name: string) => void }) {
  return (
    <Field
      label={t('signIn.name')}
      value={props.name}
      autocomplete="username"
      required
      onInput={({ currentTarget }) => props.onChange(currentTarget.value)}
    />
  );
}

function SignIn({ now }: { readonly now: Session }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState<string | null>(null);
  const submit = async () => {
    try {
      const json = { name, password, ...(code === null ? {} : { code }) };
      enter(await call<Me>('/sign-in', { method: 'POST', json }));
    } catch (error) {
      if (error instanceof ApiError && error.code === 'code_needed') setCode('');
      else throw error;
    }
  };
  return (
    <>
      <Way title={t('signIn.title')} lead={t('signIn.lead')} submit={t('signIn.submit')} onSubmit={submit}>
        {now.kind === 'signedOut' && now.isExpired && <p class="banner">{t('signIn.expired')}</p>}
        <NameField name={name} onChange={setName} />
        <Field
          label={t('signIn.password')}
          type="password"
          value={password}
          autocomplete="current-password"
          required
          onInput={({ currentTarget }) => setPassword(currentTarget.value)}
        />
        {code !== null && (
          <Field
            label={t('signIn.code')}
            value={code}
            inputMode="numeric"
            autocomplete="one-time-code"
            autofocus
            required
            onInput={({ currentTarget }) => setCode(currentTarget.value)}
          />
        )}
      </Way>
      <OtherWays>
        <ByProvider now={now} />
        {now.kind === 'signedOut' && now.state.signIn.passkey && hasPasskeys() && <ByPasskey />}
      </OtherWays>
    </>
  );
}

/** What can be done in place of what stands above, if there is anything: the line before it is drawn where there is. */
const OtherWays = ({ children }: { readonly children: ComponentChildren }) => (
  <div class="other-ways">
    <p class="or dim">{t('signIn.or')}</p>
    {children}
  </div>
);

/** Signs in at the provider, where there is one; and says what came of the last try. */
function ByProvider({ now }: { readonly now: Session }) {
  const known = now.kind === 'signedOut' || now.kind === 'setup' ? now : null;
  const [earlier, setEarlier] = useState(known?.problem === undefined ? '' : said(known.problem));
  const { problem, isBusy, run } = useSubmit();
  const { oidc, oidcName } = known?.state.signIn ?? {};
  if (oidc !== true) return null;
  const leave = () => {
    setEarlier('');
    void run(leaveForProvider);
  };
  return (
    <div class="other-way provider">
      <button type="button" class="button" disabled={isBusy} onClick={leave}>
        {t('signIn.provider', { name: oidcName ?? '' })}
      </button>
      <p class="problem" role="alert">
        {problem || earlier}
      </p>
    </div>
  );
}

/** Signs in without name and password: the device knows both. */
function ByPasskey() {
  const { problem, isBusy, run } = useSubmit();
  const signIn = async () => {
    const options = await call<PublicKeyCredentialRequestOptionsJSON>('/sign-in/passkey/options', {
      method: 'POST',
    });
    const json = { response: await signByPasskey(options) };
    enter(await call<Me>('/sign-in/passkey', { method: 'POST', json }));
  };
  return (
    <div class="other-way">
      <button type="button" class="button" disabled={isBusy} onClick={() => void run(signIn)}>
        {t('signIn.passkey')}
      </button>
      <p class="problem" role="alert">
        {problem}
      </p>
    </div>
  );
}

/** The token stands behind `#` in the printed link: what stands there reaches no log. */
const tokenOf = () => decodeURIComponent(location.hash.slice(1));

/** Makes the first administrator, or sets the password of a user who was given a link. */
function Setup({ now }: { readonly now: Session }) {
  const isFirst = now.kind === 'setup';
  const [token] = useState(tokenOf);
  const [name, setName] = useState('');
  const [typed, setTyped] = useState(NO_PASSWORD);
  const submit = async () => {
    checkTyped(typed);
    const json = { token, password: typed.password, ...(isFirst ? { name } : {}) };
    const me = await call<Me>('/setup', { method: 'POST', json });
    go('/', true);
    enter(me);
  };
  if (token === '')
    return (
      <>
        <PageHead title={t('setup.title')} lead={t('setup.noToken')} />
        <OtherWays>
          <ByProvider now={now} />
        </OtherWays>
      </>
    );
  return (
    <Way
      title={t(isFirst ? 'setup.title' : 'setup.password')}
      lead={t(isFirst ? 'setup.lead' : 'setup.passwordLead')}
      submit={t(isFirst ? 'setup.submit' : 'setup.passwordSubmit')}
      onSubmit={submit}
    >
      {isFirst && <NameField name={name} onChange={setName} />}
      <NewPasswordFields label={t('signIn.password')} value={typed} onChange={setTyped} />
    </Way>
  );
}
