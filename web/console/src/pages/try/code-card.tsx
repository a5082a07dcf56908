import { t } from '../../i18n/index.ts';
import { CodeTabs } from '../../ui/code-tabs.tsx';
import { useServiceUrl } from '../../use-service-url.ts';
import { CODE_LANGUAGES, codeOf } from './code.ts';
import { STILLS_LANGUAGES, stillsCode } from './stills-code.ts';

/** The call as code to copy. */
export function CodeCard({ isSeveral }: { readonly isSeveral: boolean }) {
  const url = useServiceUrl();
  if (isSeveral) {
    return (
      <CodeTabs
        key="stills"
        title={t('try.code')}
        lead={t('try.codeLead')}
        languages={STILLS_LANGUAGES}
        codeOf={(language) => stillsCode(language, url)}
      />
    );
  }
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
