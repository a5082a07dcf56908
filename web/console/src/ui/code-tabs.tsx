import { useState } from 'preact/hooks';
import { Copy } from './copy.tsx';
import { Card, Segments } from './parts.tsx';

/** Code in several languages, one at a time, to copy. */
export function CodeTabs<L extends string>(props: {
  readonly title: string;
  readonly lead: string;
  readonly languages: readonly L[];
  readonly codeOf: (language: L) => string;
  /** What a language is called, where that is not its name. */
  readonly nameOf?: (language: L) => string;
}) {
  const { title, lead, languages, codeOf, nameOf = (one: L) => one } = props;
  const [chosen, setChosen] = useState(languages[0] as L);
  const code = codeOf(chosen);
  return (
    <Card title={title} more={<Copy text={code} label={title} />}>
      <p class="dim">{lead}</p>
      <Segments
        label={title}
        value={chosen}
        options={languages.map((one) => [one, nameOf(one)] as const)}
        onChoose={(value) => setChosen(languages.find((one) => one === value) ?? (languages[0] as L))}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
      <pre class="code" tabIndex={0}>
        {code}
      </pre>
    </Card>
  );
}
