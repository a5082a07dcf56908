import { t } from '../i18n/index.ts';
import { PageHead } from '../ui/parts.tsx';
import { CheckCard } from './signature/check.tsx';
import { MakeCard } from './signature/make.tsx';
import './tools.css';

/** Signatures of the old call: what is wrong with one, and one to try. */
export function SignaturePage() {
  return (
    <>
      <PageHead title={t('signature.title')} lead={t('signature.lead')} />
      <div class="try">
        <CheckCard />
        <MakeCard />
      </div>
    </>
  );
}
