import { useEffect, useState } from 'preact/hooks';
import { ApiError, call } from '../api.ts';
import { moment, named, number, t } from '../i18n/index.ts';
import { hrefOf, place } from '../router.ts';
import type { Decision } from '../types.ts';
import { Check } from '../ui/form.tsx';
import { Choice, Codes, Field, PageHead, Verdict } from '../ui/parts.tsx';
import { filterOf, SearchCard, SearchField, type SearchFilter, TimeField, useSearch } from '../ui/search.tsx';
import { Empty, Failed, Loading } from '../ui/states.tsx';
import { Rows as List, Shown } from '../ui/table.tsx';
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
      <Search filter={filter} />
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
    <SearchCard
      count={Object.keys(filter).length}
      onSubmit={submit}
      clear="/decisions"
      beside={
        <Check
          label={t('decisions.review')}
          isOn={draft.review === 'true'}
          onChange={(isOn) => set('review', isOn ? 'true' : '')}
        />
      }
    >
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
    </SearchCard>
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
        {!isBusy && rows.length > 0 && <Shown count={rows.length} />}
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
    <List
      label={t('decisions.title')}
      rows={rows}
      idOf={({ requestId, at }, index) => `${requestId} ${at} ${index}`}
      isCompact
      columns={[
        { name: t('decisions.time'), cell: ({ at }) => <span class="nowrap">{moment(at)}</span> },
        {
          name: t('decisions.verdict'),
          cell: ({ verdict, review }) => <Verdict verdict={verdict} review={review} />,
          place: 'end',
        },
        {
          name: t('decisions.score'),
          cell: ({ score }) => <span class="mono">{score ?? '–'}</span>,
          isNumeric: true,
          place: 'named',
        },
        { name: t('decisions.app'), cell: ({ appid }) => <span class="mono">{appid}</span> },
        {
          name: t('decisions.reasons'),
          cell: ({ reasons, requests }) =>
            (reasons.length > 0 || requests > 1) && (
              <>
                {requests > 1 && <span class="dim">{t('decisions.requests', { n: number(requests) })} </span>}
                <Codes codes={reasons} />
              </>
            ),
        },
        {
          name: t('decisions.duration'),
          cell: ({ milliseconds }) => (
            <span class="mono nowrap">{t('try.ms', { ms: number(milliseconds, 0) })}</span>
          ),
          isNumeric: true,
          place: 'end',
        },
        {
          name: t('decisions.requestId'),
          cell: ({ requestId }) =>
            requestId === '' ? (
              '–'
            ) : (
              <a class="mono" href={hrefOf(`/decisions/${encodeURIComponent(requestId)}`)}>
                {requestId}
              </a>
            ),
          place: 'whole',
        },
      ]}
    />
  );
}
