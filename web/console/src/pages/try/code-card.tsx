import { t } from '../../i18n/index.ts';
import { CodeTabs } from '../../ui/code-tabs.tsx';
import { useServiceUrl } from '../../use-service-url.ts';
import { CODE_LANGUAGES, codeOf } from './code.ts';

/** The call as code to copy. */
export function CodeCard() {
  const url = useServiceUrl();
  return (
    <CodeTabs
      title={t('try.code')}
      lead={t('try.codeLead')}
      languages={CODE_LANGUAGES}
      codeOf={(language) => codeOf(language, url)}
      nameOf={(one) => (one === 'legacy' ? t('try.legacy') : one)}
    />
  );
}
