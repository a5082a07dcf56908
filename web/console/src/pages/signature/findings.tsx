import { language, t } from '../../i18n/index.ts';
import type { Finding } from './types.ts';

/** What was found in a signature, and what to do about each. */
export function Findings({ findings }: { readonly findings: readonly Finding[] }) {
  return (
    <ul class="reasons">
      {findings.map(({ severity, reason, code, text, fixes: { [language.value]: fix } }) => (
        <li key={reason} class={severity}>
          {/* The service explains in English, and advises in the language of the page. */}
          <strong lang="en" class="sentence">
            {text}
          </strong>
          {fix !== '' && <span>{fix}</span>}
          <span class="dim small">
            {t(`signature.${severity}`)}
            {code !== null && ` · ${t('signature.code', { code })}`} · <code>{reason}</code>
          </span>
        </li>
      ))}
    </ul>
  );
}
