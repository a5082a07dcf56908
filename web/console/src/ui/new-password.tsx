import { t } from '../i18n/index.ts';
import { Problem } from './form.tsx';
import { Field } from './parts.tsx';

/** The least length of a password; the service asks for it too. */
const LEAST = 12;

/** A new password, typed twice. */
export interface NewPassword {
  readonly password: string;
  readonly again: string;
}

/** Nothing typed yet. */
export const NO_PASSWORD: NewPassword = { password: '', again: '' };

/** @throws {Problem} too short, or not twice the same */
export function checkTyped({ password, again }: NewPassword): void {
  if (password.length < LEAST) throw new Problem(t('setup.short'));
  if (password !== again) throw new Problem(t('setup.differ'));
}

/** The two fields for a new password. */
export function NewPasswordFields(props: {
  readonly label: string;
  readonly value: NewPassword;
  readonly onChange: (value: NewPassword) => void;
}) {
  const { value, onChange } = props;
  return (
    <>
      <Field
        label={props.label}
        type="password"
        value={value.password}
        autocomplete="new-password"
        hint={t('setup.length')}
        required
        onInput={({ currentTarget }) => onChange({ ...value, password: currentTarget.value })}
      />
      <Field
        label={t('setup.again')}
        type="password"
        value={value.again}
        autocomplete="new-password"
        required
        onInput={({ currentTarget }) => onChange({ ...value, again: currentTarget.value })}
      />
    </>
  );
}
