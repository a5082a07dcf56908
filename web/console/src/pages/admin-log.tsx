import { moment, named, number, t } from '../i18n/index.ts';
import { hrefOf, place } from '../router.ts';
import { may } from '../session.ts';
import { Copy } from '../ui/copy.tsx';
import { Differences, differencesOf } from '../ui/difference.tsx';
import { Choice, Name, PageHead } from '../ui/parts.tsx';
import { filterOf, SearchCard, SearchField, type SearchFilter, TimeField, useSearch } from '../ui/search.tsx';
import { Listed } from '../ui/table.tsx';
import { usePages } from '../use-pages.ts';

/** One change as the API tells it. */
interface Entry {
  readonly at: string;
  readonly actor: { readonly kind: string; readonly name: string; readonly from: string };
  readonly action: string;
  readonly target: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly chain: { readonly id: number; readonly hash: string };
}

const NAMES = ['actor', 'action', 'target', 'from', 'to'] as const;
type Filter = SearchFilter<(typeof NAMES)[number]>;

/** The groups of actions, as the filter names them. */
const GROUPS = [
  'app',
  'key',
  'api_key',
  'user',
  'admin_key',
  'master_key',
  'signature',
  'review',
  'operating_points',
  'batch',
  'ledger',
  'store',
  'service',
] as const;

/** The log of changes, the newest first. */
export function AdminLogPage() {
  const { query } = place.value;
  const filter = filterOf(NAMES, query);
  const wanted = new URLSearchParams(filter as Record<string, string>);
  const pages = usePages<Entry>(`/admin-log?${wanted}`);
  return (
    <>
      <PageHead title={t('adminLog.title')} lead={t('adminLog.lead')} />
      <Search filter={filter} />
      <Listed pages={pages} empty={t(wanted.size === 0 ? 'adminLog.none' : 'adminLog.noneFound')}>
        {(rows) => (
          <ol class="log">
            {rows.map((entry) => (
              <li key={entry.chain.id} class="card">
                <LogEntry entry={entry} />
              </li>
            ))}
          </ol>
        )}
      </Listed>
    </>
  );
}

function Search({ filter }: { readonly filter: Filter }) {
  const { draft, set, submit } = useSearch('/admin-log', NAMES, filter);
  const text = (name: 'actor' | 'target') => (
    <SearchField label={`adminLog.${name}`} value={draft[name]} onChange={(value) => set(name, value)} />
  );
  const time = (name: 'from' | 'to') => (
    <TimeField label={`adminLog.${name}`} value={draft[name]} onChange={(value) => set(name, value)} />
  );
  return (
    <SearchCard count={Object.keys(filter).length} onSubmit={submit} clear="/admin-log">
      {text('actor')}
      <Choice
        label={t('adminLog.action')}
        value={draft.action ?? ''}
        options={[
          ['', t('adminLog.any')],
          ...GROUPS.map((one) => [one, named('adminLog.group', one)] as const),
        ]}
        onChoose={(value) => set('action', value)}
      />
      {text('target')}
      {time('from')}
      {time('to')}
    </SearchCard>
  );
}

/** Longer ids stand below the line that says what was done. */
const LONGEST_IN_LINE = 16;

function LogEntry({ entry }: { readonly entry: Entry }) {
  const { at, actor, action, target, before, after, chain } = entry;
  const differences = differencesOf(before, after);
  const action_ = named('adminLog.did', action);
  const isApp = action.startsWith('app.') && may('apps.read');
  const name = nameIn(after) ?? nameIn(before);
  const isShort = target !== '' && target.length <= LONGEST_IN_LINE;
  return (
    <article>
      <header class="log-head">
        <p>
          <strong>
            <Name>{actor.name === '' ? t('adminLog.nobody') : actor.name}</Name>
          </strong>{' '}
          <span class="dim">({named('adminLog.kind', actor.kind)})</span> {action_}{' '}
          {isApp ? (
            <a href={hrefOf(`/apps/${target}`)}>
              <Name>{name ?? target}</Name>
            </a>
          ) : (
            <Name>{name ?? target}</Name>
          )}
          {name !== null && isShort && <span class="mono dim"> {target}</span>}
        </p>
        <p class="dim">
          <time dateTime={at}>{moment(at)}</time>
        </p>
      </header>
      {differences.length === 0 ? (
        <p class="dim">{t('adminLog.asBefore')}</p>
      ) : (
        <Differences differences={differences} isNew={before === null} isGone={after === null} />
      )}
      <footer class="log-foot dim">
        <span>
          {t('adminLog.fromWhere')} <span class="mono">{actor.from || '–'}</span>
        </span>
        <span>
          {t('adminLog.action')} <code>{action}</code>
        </span>
        {name !== null && target !== '' && !isShort && (
          <span>
            {t('adminLog.id')} <code>{target}</code>
          </span>
        )}
        <details>
          <summary>{t('adminLog.place', { n: number(chain.id) })}</summary>
          <p class="request-id">
            <code>{chain.hash}</code>
            <Copy text={chain.hash} label={t('adminLog.hash')} />
          </p>
        </details>
      </footer>
    </article>
  );
}

/** The name of what was changed, where the entry has it. */
function nameIn(value: unknown): string | null {
  const { name } = (value ?? {}) as { readonly name?: unknown };
  return typeof name === 'string' && name !== '' ? name : null;
}
