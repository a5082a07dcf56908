import { useState } from 'preact/hooks';
import { ApiError, call } from '../api.ts';
import { t } from '../i18n/index.ts';
import { go, hrefOf, place } from '../router.ts';
import { enter, type Session } from '../session.ts';
import { leaveForProvider } from '../single-sign-on.ts';
import type { Me } from '../types.ts';
import { Field, PageHead } from '../ui/parts.tsx';
import { Looks, Reach } from '../ui/shell.tsx';

/** What is shown where nobody is signed in. */
export function Entrance({ now }: { readonly now: Session }) {
  return (
    <main class="centre">
      <Reach />
      <div class="card entrance">
        <img src={hrefOf('/icon.svg')} alt="" width="40" height="40" />
        {now.kind === 'setup' || (place.value.path === '/setup' && tokenOf() !== '') ? (
          <Setup isFirst={now.kind === 'setup'} now={now} />
        ) : (
          <SignIn isExpired={now.kind === 'signedOut' && now.isExpired} now={now} />
        )}
      </div>
      <Looks />
    </main>
  );
}

function said(error: unknown): string {
  if (!(error instanceof ApiError)) throw error;
  if (error.code === 'unreachable') return t('error.unreachable');
  if (error.code === 'sign_in_failed') return t('signIn.failed');
  if (error.code === 'oidc_unavailable') return t('signIn.providerAway');
  if (error.code === 'oidc_failed') return t('signIn.providerFailed');
  if (error.code === 'oidc_refused') return t('signIn.providerRefused');
  if (error.status === 429) return t('signIn.locked', { seconds: error.retryAfter ?? 60 });
  return error.message;
}

/** Signing in at the provider, where there is one; and what came of the last try. */
function Provider({ now }: { readonly now: Session }) {
  const known = now.kind === 'signedOut' || now.kind === 'setup' ? now : null;
  const [problem, setProblem] = useState(known?.problem === undefined ? '' : said(known.problem));
  const [isBusy, setBusy] = useState(false);
  const { oidc, oidcName } = known?.state.signIn ?? {};
  if (oidc !== true) return null;
  const leave = async () => {
    setBusy(true);
    setProblem('');
    try {
      await leaveForProvider();
    } catch (error) {
      setProblem(said(error));
      setBusy(false);
    }
  };
  return (
    <div class="provider">
      <button type="button" class="button" disabled={isBusy} onClick={() => void leave()}>
        {t('signIn.provider', { name: oidcName ?? '' })}
      </button>
      <p class="problem" role="alert">
        {problem}
      </p>
    </div>
  );
}

function SignIn({ isExpired, now }: { readonly isExpired: boolean; readonly now: Session }) {
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [code, setCode] = useState<string | null>(null);
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    setBusy(true);
    setProblem('');
    try {
      const json = { name, password, ...(code === null ? {} : { code }) };
      enter(await call<Me>('/sign-in', { method: 'POST', json }));
    } catch (error) {
      if (error instanceof ApiError && error.code === 'code_needed') setCode('');
      else setProblem(said(error));
    } finally {
      setBusy(false);
    }
  };
  return (
    <form onSubmit={submit}>
      <PageHead title={t('signIn.title')} lead={t('signIn.lead')} />
      {isExpired && <p class="banner">{t('signIn.expired')}</p>}
      <Field
        label={t('signIn.name')}
        value={name}
        autocomplete="username"
        required
        onInput={({ currentTarget }) => setName(currentTarget.value)}
      />
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
          required
          onInput={({ currentTarget }) => setCode(currentTarget.value)}
        />
      )}
      <p class="problem" role="alert">
        {problem}
      </p>
      <button type="submit" class="button main" disabled={isBusy}>
        {t('signIn.submit')}
      </button>
      <Provider now={now} />
    </form>
  );
}

/** The token stands behind `#` in the printed link: what stands there reaches no log. */
const tokenOf = () => decodeURIComponent(location.hash.slice(1));

/** Makes the first administrator, or sets the password of a user who was given a link. */
function Setup({ isFirst, now }: { readonly isFirst: boolean; readonly now: Session }) {
  const [token] = useState(tokenOf);
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [again, setAgain] = useState('');
  const [problem, setProblem] = useState('');
  const [isBusy, setBusy] = useState(false);
  const submit = async (event: Event) => {
    event.preventDefault();
    if (password.length < 12) return setProblem(t('setup.short'));
    if (password !== again) return setProblem(t('setup.differ'));
    setBusy(true);
    setProblem('');
    try {
      const json = { token, password, ...(isFirst ? { name } : {}) };
      const me = await call<Me>('/setup', { method: 'POST', json });
      go('/', true);
      enter(me);
    } catch (error) {
      setProblem(said(error));
    } finally {
      setBusy(false);
    }
  };
  if (token === '')
    return (
      <>
        <PageHead title={t('setup.title')} lead={t('setup.noToken')} />
        <Provider now={now} />
      </>
    );
  return (
    <form onSubmit={submit}>
      <PageHead
        title={t(isFirst ? 'setup.title' : 'setup.password')}
        lead={t(isFirst ? 'setup.lead' : 'setup.passwordLead')}
      />
      {isFirst && (
        <Field
          label={t('signIn.name')}
          value={name}
          autocomplete="username"
          required
          onInput={({ currentTarget }) => setName(currentTarget.value)}
        />
      )}
      <Field
        label={t('signIn.password')}
        type="password"
        value={password}
        autocomplete="new-password"
        required
        onInput={({ currentTarget }) => setPassword(currentTarget.value)}
      />
      <Field
        label={t('setup.again')}
        type="password"
        value={again}
        autocomplete="new-password"
        required
        onInput={({ currentTarget }) => setAgain(currentTarget.value)}
      />
      <p class="problem" role="alert">
        {problem}
      </p>
      <button type="submit" class="button main" disabled={isBusy}>
        {t(isFirst ? 'setup.submit' : 'setup.passwordSubmit')}
      </button>
    </form>
  );
}
