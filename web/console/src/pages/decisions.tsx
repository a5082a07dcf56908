import { useEffect, useState } from 'preact/hooks';
import { ApiError, call } from '../api.ts';
import { moment, named, number, t } from '../i18n/index.ts';
import { hrefOf, place } from '../router.ts';
import type { Decision } from '../types.ts';
import { Choice, Field, PageHead, Verdict } from '../ui/parts.tsx';
import { filterOf, SearchField, type SearchFilter, TimeField, useSearch } from '../ui/search.tsx';
import { Empty, Failed, Loading } from '../ui/states.tsx';
import { Table } from '../ui/table.tsx';
import { DecisionPage } from './decisions/decision.tsx';
import './tools.css';

/** What can be searched for; the names are those of the API and of the address of the page. */
const NAMES = [
  'requestId',
  'reference',
  'app',
  'verdict',
  'reason',
  'from',
  'to',
  'minScore',
  'maxScore',
  'review',
] as const;
type Filter = SearchFilter<(typeof NAMES)[number]>;

/** Rows of a page, and how many pages one search reads before it asks whether to go on. */
const ROWS = 50;
const MOST_PAGES = 25;

interface Page {
  readonly items: readonly Decision[];
  readonly next: string | null;
}

/** The list, or one decision where the address names one. */
export function DecisionsPage() {
  const { path, query } = place.value;
  const id = path.startsWith('/decisions/') ? decodeURIComponent(path.slice('/decisions/'.length)) : '';
  if (id !== '') return <DecisionPage requestId={id} />;
  const filter = filterOf(NAMES, query);
  return (
    <>
      <PageHead title={t('decisions.title')} lead={t('decisions.lead')}>
        <Downloads filter={filter} />
      </PageHead>
      <Search key={query.toString()} filter={filter} />
      <Found key={`found ${query}`} filter={filter} />
    </>
  );
}

/** All rows that the page searches for, as files. */
function Downloads({ filter }: { readonly filter: Filter }) {
  const wanted = new URLSearchParams(filter as Record<string, string>);
  return (
    <div class="page-actions">
      {(['csv', 'ndjson'] as const).map((format) => (
        <a key={format} class="button" download href={`/admin/v1/decisions.${format}?${wanted}`}>
          {t(`decisions.${format}`)}
        </a>
      ))}
    </div>
  );
}

function Search({ filter }: { readonly filter: Filter }) {
  const { draft, set, submit } = useSearch('/decisions', NAMES, filter);
  const text = (name: 'requestId' | 'reference' | 'app' | 'reason') => (
    <SearchField label={`decisions.${name}`} value={draft[name]} onChange={(value) => set(name, value)} />
  );
  const time = (name: 'from' | 'to') => (
    <TimeField label={`decisions.${name}`} value={draft[name]} onChange={(value) => set(name, value)} />
  );
  const score = (name: 'minScore' | 'maxScore') => (
    <Field
      label={t(`decisions.${name}`)}
      type="number"
      min={0}
      max={100}
      value={draft[name] ?? ''}
      onInput={({ currentTarget }) => set(name, currentTarget.value)}
    />
  );
  return (
    <search>
      <form class="card search" onSubmit={submit}>
        <div class="fields">
          {text('requestId')}
          {text('reference')}
          {text('app')}
          <Choice
            label={t('decisions.verdict')}
            value={draft.verdict ?? ''}
            options={[
              ['', t('decisions.any')],
              ...['live', 'attack', 'poor_quality', 'no_face'].map(
                (one) => [one, named('verdict', one)] as const,
              ),
            ]}
            onChoose={(value) => set('verdict', value)}
          />
          {text('reason')}
          {time('from')}
          {time('to')}
          {score('minScore')}
          {score('maxScore')}
        </div>
        <div class="actions">
          <label class="check">
            <input
              type="checkbox"
              checked={draft.review === 'true'}
              onChange={({ currentTarget }) => set('review', currentTarget.checked ? 'true' : '')}
            />
            {t('decisions.review')}
          </label>
          <span class="grow" />
          <a class="button" href={hrefOf('/decisions')}>
            {t('decisions.clear')}
          </a>
          <button type="submit" class="button main">
            {t('decisions.filter')}
          </button>
        </div>
      </form>
    </search>
  );
}

/** The time at which a cursor stands. */
const timeOf = (cursor: string) => moment(new Date(Number(cursor.split('.')[0])).toISOString());

function Found({ filter }: { readonly filter: Filter }) {
  const [rows, setRows] = useState<readonly Decision[]>([]);
  const [next, setNext] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(true);
  const [error, setError] = useState<ApiError | null>(null);
  const [turn, setTurn] = useState(0);
  useEffect(() => {
    const controller = new AbortController();
    const read = async () => {
      let after = next;
      let found: readonly Decision[] = rows;
      setBusy(true);
      setError(null);
      // A page may hold few rows or none where the search has gone through many: read on, to an end.
      for (let page = 0; page < MOST_PAGES; page++) {
        const query = new URLSearchParams({
          ...filter,
          limit: String(ROWS),
          ...(after === null ? {} : { after }),
        });
        const answer = await call<Page>(`/decisions?${query}`, { signal: controller.signal });
        found = [...found, ...answer.items];
        after = answer.next;
        setRows(found);
        setNext(after);
        if (after === null || found.length - rows.length >= ROWS / 2) break;
      }
      setBusy(false);
    };
    read().catch((caught: unknown) => {
      if (controller.signal.aborted) return;
      if (!(caught instanceof ApiError)) throw caught;
      setError(caught);
      setBusy(false);
    });
    return () => controller.abort();
  }, [turn]);
  const more = () => setTurn((count) => count + 1);
  return (
    <>
      {rows.length > 0 && <Rows rows={rows} />}
      {error !== null && <Failed error={error} retry={more} />}
      <div aria-live="polite">
        {isBusy && rows.length === 0 && next === null && <Loading />}
        {isBusy && next !== null && <p class="state">{t('decisions.searching', { time: timeOf(next) })}</p>}
        {!isBusy && error === null && next === null && rows.length > 0 && (
          <p class="state dim">{t('decisions.end')}</p>
        )}
        {!isBusy && error === null && next === null && rows.length === 0 && (
          <Empty>{t(Object.keys(filter).length === 0 ? 'decisions.emptyAll' : 'decisions.empty')}</Empty>
        )}
      </div>
      {!isBusy && next !== null && (
        <p class="state">
          <button type="button" class="button" onClick={more}>
            {rows.length % ROWS === 0 && rows.length > 0
              ? t('decisions.more')
              : t('decisions.goOn', { time: timeOf(next) })}
          </button>
        </p>
      )}
    </>
  );
}

function Rows({ rows }: { readonly rows: readonly Decision[] }) {
  return (
    <Table
      label={t('decisions.title')}
      head={[
        t('decisions.time'),
        t('decisions.verdict'),
        t('decisions.score'),
        t('decisions.app'),
        t('decisions.reasons'),
        t('decisions.requestId'),
        t('decisions.duration'),
      ]}
      numeric={[2, 6]}
    >
      {rows.map((row, index) => (
        <tr key={`${row.requestId} ${index}`}>
          <td class="nowrap">{moment(row.at)}</td>
          <td>
            <Verdict verdict={row.verdict} review={row.review} />
          </td>
          <td class="right mono">{row.score ?? '–'}</td>
          <td class="mono">{row.appid}</td>
          <td class="reason-codes">
            {row.requests > 1 && <span class="dim">{t('decisions.requests', { n: row.requests })} </span>}
            {row.reasons.map((code) => (
              <code key={code}>{code}</code>
            ))}
          </td>
          <td class="mono">
            {row.requestId === '' ? (
              '–'
            ) : (
              <a href={hrefOf(`/decisions/${encodeURIComponent(row.requestId)}`)}>{row.requestId}</a>
            )}
          </td>
          <td class="right mono nowrap">{t('try.ms', { ms: number(row.milliseconds, 0) })}</td>
        </tr>
      ))}
    </Table>
  );
}
