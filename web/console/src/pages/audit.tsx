import { t } from '../i18n/index.ts';
import { may } from '../session.ts';
import { PageHead } from '../ui/parts.tsx';
import { ErasureCard } from './audit/erasure.tsx';
import { HeadCard } from './audit/head.tsx';
import { VerificationCard } from './audit/verification.tsx';
import './tools.css';

/** Whether the record is as it was written, its signed state, and taking a person out of it. */
export function AuditPage() {
  return (
    <>
      <PageHead title={t('audit.title')} lead={t('audit.lead')} />
      <div class="column">
        <VerificationCard />
        <HeadCard />
        {may('erase') && <ErasureCard />}
      </div>
    </>
  );
}
