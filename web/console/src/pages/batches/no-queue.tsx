import { t } from '../../i18n/index.ts';
import { Copy } from '../../ui/copy.tsx';
import { Card } from '../../ui/parts.tsx';

const SET_UP = `livestill store copy --from data --to postgres://livestill@db.example.org/livestill
export LIVESTILL_STORE=postgres://livestill@db.example.org/livestill
livestill serve
livestill worker        # on each machine that judges`;
const ALONE = 'livestill batch pictures/ --out results.csv';

/** What batches need where the store has no queue. */
export function NoQueue() {
  return (
    <Card title={t('batches.none.title')}>
      <p>{t('batches.none.lead')}</p>
      <Commands text={SET_UP} />
      <p class="after">{t('batches.none.alone')}</p>
      <Commands text={ALONE} />
    </Card>
  );
}

function Commands({ text }: { readonly text: string }) {
  return (
    <div class="commands">
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard */}
      <pre class="code" tabIndex={0}>
        {text}
      </pre>
      <Copy text={text} />
    </div>
  );
}
