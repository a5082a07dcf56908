import { useEffect, useRef, useState } from 'preact/hooks';
import { t } from '../i18n/index.ts';
import { go, place } from '../router.ts';
import { FromTo } from '../ui/from-to.tsx';
import { Choice, Field, PageHead } from '../ui/parts.tsx';
import { Empty, Failed, Loading } from '../ui/states.tsx';
import { type Pages, usePages } from '../use-pages.ts';
import { Item } from './review/item.tsx';
import type { ReviewItem } from './review/types.ts';
import './review/review.css';

const STATES = ['open', 'right', 'wrong', 'marked', 'all'] as const;

/** Pages without a row that are read before somebody is asked whether to go on. */
const MOST_EMPTY = 25;

/** Decisions that the networks did not back, to be marked right or wrong. */
export function ReviewPage() {
  const { query } = place.value;
  const state = STATES.find((one) => one === query.get('state')) ?? 'open';
  const app = query.get('app') ?? '';
  const [from, until] = [query.get('from') ?? '', query.get('to') ?? ''];
  const to = (change: Readonly<Record<string, string>>) => {
    const wanted = new URLSearchParams(
      Object.entries({ state, app, from, to: until, ...change }).filter(
        ([name, value]) => value !== '' && `${name}=${value}` !== 'state=open',
      ),
    ).toString();
    go(wanted === '' ? '/review' : `/review?${wanted}`, true);
  };
  const narrowed = new URLSearchParams(
    Object.entries({ app, from, to: until }).filter(([, value]) => value !== ''),
  );
  // The export has marked decisions alone: of the open ones there is nothing to say.
  const marked = new URLSearchParams(narrowed);
  if (state === 'right' || state === 'wrong') marked.set('state', state);
  return (
    <>
      <PageHead title={t('review.title')} lead={t('review.lead')}>
        <a
          class="button"
          download
          href={`/admin/v1/review/export.csv${marked.size === 0 ? '' : `?${marked}`}`}
        >
          {t('review.export')}
        </a>
      </PageHead>
      <div class="toolbar">
        <Choice
          label={t('review.state')}
          value={state}
          options={STATES.map((one) => [one, t(`review.state.${one}`)] as const)}
          onChoose={(value) => to({ state: value })}
        />
        <Field
          label={t('review.app')}
          placeholder={t('review.allApps')}
          value={app}
          maxLength={15}
          onChange={({ currentTarget: { value } }) => to({ app: value.trim() })}
        />
        <FromTo from={from} to={until} onChange={to} />
      </div>
      <List
        key={`${state} ${narrowed}`}
        path={`/review?limit=50&state=${state}${narrowed.size === 0 ? '' : `&${narrowed}`}`}
        state={state}
      />
    </>
  );
}

function List({ path, state }: { readonly path: string; readonly state: string }) {
  const pages = usePages<ReviewItem>(path);
  const { rows, next, error, isLoading, more } = pages;
  const [changed, setChanged] = useState<ReadonlyMap<number, ReviewItem>>(new Map());
  const readEmpty = useRef({ rows: 0, pages: 0 });
  const isSparse = !isLoading && error === null && next !== null && rows.length === readEmpty.current.rows;
  // A page may hold no row where the search has gone through many: read on, to an end.
  useEffect(() => {
    if (isLoading) return;
    const { current } = readEmpty;
    if (rows.length !== current.rows) readEmpty.current = { rows: rows.length, pages: 0 };
    else if (isSparse && current.pages < MOST_EMPTY) {
      current.pages += 1;
      more();
    }
  }, [rows, next, isLoading]);
  const list = useRef<HTMLOListElement>(null);
  const move = (from: HTMLElement, by: number) => {
    const items = [...(list.current?.children ?? [])];
    const to = items[items.indexOf(from) + by];
    if (to instanceof HTMLElement) to.focus();
  };
  const again = () => {
    setChanged(new Map());
    readEmpty.current = { rows: 0, pages: 0 };
    pages.reload();
  };
  return (
    <>
      {rows.length > 0 && (
        <>
          <p class="dim small review-keys">{t('review.keys')}</p>
          <ol class="review-list" ref={list} aria-label={t('review.list')}>
            {rows.map((row) => {
              const item = changed.get(row.row) ?? row;
              return (
                <Item
                  key={`${item.row} ${row.version}`}
                  item={item}
                  onChange={(one) => setChanged((known) => new Map(known).set(one.row, one))}
                  onMove={move}
                />
              );
            })}
          </ol>
        </>
      )}
      {error !== null && <Failed error={error} retry={more} />}
      <End
        pages={pages}
        state={state}
        isGoing={isLoading || (isSparse && readEmpty.current.pages < MOST_EMPTY)}
      />
      {(rows.length > 0 || next === null) && !isLoading && (
        <p class="state">
          <button type="button" class="button" onClick={again}>
            {t('review.reload')}
          </button>
        </p>
      )}
    </>
  );
}

/** What stands below the list: that it goes on, that it ends, or that there is nothing. */
function End(props: {
  readonly pages: Pages<ReviewItem>;
  readonly state: string;
  readonly isGoing: boolean;
}) {
  const { rows, next, error, more } = props.pages;
  const { state, isGoing } = props;
  return (
    <>
      <div aria-live="polite">
        {isGoing && next === null && rows.length === 0 && <Loading />}
        {isGoing && next !== null && <p class="state">{t('review.searching')}</p>}
        {!isGoing && error === null && next === null && rows.length === 0 && (
          <Empty>{t(state === 'open' ? 'review.nothingOpen' : 'review.nothing')}</Empty>
        )}
        {!isGoing && error === null && next === null && rows.length > 0 && (
          <p class="state dim">{t('review.end')}</p>
        )}
      </div>
      {!isGoing && error === null && next !== null && (
        <p class="state">
          <button type="button" class="button" onClick={more}>
            {t('review.goOn')}
          </button>
        </p>
      )}
    </>
  );
}
