import { t } from '../i18n/index.ts';
import { session } from '../session.ts';
import { PageHead } from '../ui/parts.tsx';
import { CodesCard } from './account/codes.tsx';
import { PasskeysCard } from './account/passkeys.tsx';
import { PasswordCard } from './account/password.tsx';
import { SessionsCard } from './account/sessions.tsx';

/** What users do for themselves. */
export function AccountPage() {
  const now = session.value;
  if (now.kind !== 'signedIn') return null;
  const { user } = now.me;
  return (
    <>
      <PageHead title={t('account.title')} lead={t('account.lead', { name: user.name })} />
      <div class="columns">
        <PasswordCard name={user.name} />
        <CodesCard isOn={user.totp} />
        <PasskeysCard />
        <SessionsCard />
      </div>
    </>
  );
}
