import { useState } from 'preact/hooks';
import { t } from '../../i18n/index.ts';
import { Copy } from '../../ui/copy.tsx';
import { Card, Segments } from '../../ui/parts.tsx';
import { CODE_LANGUAGES, type CodeLanguage, codeOf } from './code.ts';

/** The call as code to copy. */
export function CodeCard() {
  const [chosen, setChosen] = useState<CodeLanguage>('curl');
  const code = codeOf(chosen);
  const textOf = (one: CodeLanguage) => (one === 'legacy' ? t('try.legacy') : one);
  return (
    <Card title={t('try.code')} more={<Copy text={code} />}>
      <p class="dim">{t('try.codeLead')}</p>
      <Segments
        label={t('try.code')}
        value={chosen}
        options={CODE_LANGUAGES.map((one) => [one, textOf(one)] as const)}
        onChoose={(value) => setChosen(CODE_LANGUAGES.find((one) => one === value) ?? 'curl')}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
      <pre class="code" tabIndex={0}>
        {code}
      </pre>
    </Card>
  );
}
