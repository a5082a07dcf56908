import { useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { t } from '../../i18n/index.ts';
import { Form } from '../../ui/form.tsx';
import { checkTyped, NewPasswordFields, NO_PASSWORD } from '../../ui/new-password.tsx';
import { Card, Field } from '../../ui/parts.tsx';
import { say } from '../../ui/say.ts';

/** Changes the password. */
export function PasswordCard({ name }: { readonly name: string }) {
  const [current, setCurrent] = useState('');
  const [typed, setTyped] = useState(NO_PASSWORD);
  const submit = async () => {
    checkTyped(typed);
    await call('/me/password', { method: 'POST', json: { current, password: typed.password } });
    setCurrent('');
    setTyped(NO_PASSWORD);
    say(t('account.passwordDone'));
  };
  return (
    <Card title={t('account.password')}>
      <Form submit={t('account.passwordSubmit')} onSubmit={submit}>
        <p class="dim">{t('account.passwordLead')}</p>
        <input
          class="unseen"
          type="text"
          autocomplete="username"
          value={name}
          readonly
          tabIndex={-1}
          aria-hidden="true"
        />
        <PasswordNow value={current} onChange={setCurrent} />
        <NewPasswordFields label={t('account.newPassword')} value={typed} onChange={setTyped} />
      </Form>
    </Card>
  );
}

/** Changes of how one signs in ask for the password: a browser that was left open is not its user. */
export function PasswordNow(props: { readonly value: string; readonly onChange: (value: string) => void }) {
  return (
    <Field
      label={t('account.current')}
      type="password"
      value={props.value}
      autocomplete="current-password"
      required
      onInput={({ currentTarget }) => props.onChange(currentTarget.value)}
    />
  );
}
