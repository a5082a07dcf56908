import { useRef, useState } from 'preact/hooks';
import { call } from '../../api.ts';
import { moment, named, number, t } from '../../i18n/index.ts';
import { hrefOf } from '../../router.ts';
import { useSubmit } from '../../ui/form.tsx';
import { Codes, Facts, Field, Verdict } from '../../ui/parts.tsx';
import { say } from '../../ui/say.ts';
import type { Mark, ReviewItem } from './types.ts';

const KEYS: Readonly<Record<string, Mark | null>> = { r: 'right', w: 'wrong', u: null };

/** One decision: what is known of it, and its mark. Keys count while the focus is in it, but not in a field. */
export function Item(props: {
  readonly item: ReviewItem;
  readonly onChange: (item: ReviewItem) => void;
  /** Moves the focus by so many decisions. */
  readonly onMove: (from: HTMLElement, by: number) => void;
}) {
  const { item, onChange, onMove } = props;
  const box = useRef<HTMLLIElement>(null);
  const [note, setNote] = useState(item.note);
  const { problem, isBusy, run } = useSubmit();
  const set = (mark: Mark | null) =>
    void run(async () => {
      const json = { mark, note, row: item.row, ifVersion: item.version };
      const path = `/review/${encodeURIComponent(item.requestId)}`;
      onChange(await call<ReviewItem>(path, { method: 'PUT', json }));
      say(t(mark === null ? 'review.saidOpen' : mark === 'right' ? 'review.saidRight' : 'review.saidWrong'));
      // The button that was pressed may be gone: the keys go on from here.
      box.current?.focus();
    });
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target instanceof HTMLInputElement) return;
    const { currentTarget: here } = event;
    if (here instanceof HTMLElement && (event.key === 'j' || event.key === 'k'))
      onMove(here, event.key === 'j' ? 1 : -1);
    else if (!Object.hasOwn(KEYS, event.key)) return;
    else if (event.key !== 'u' || item.mark !== null) set(KEYS[event.key] ?? null);
    event.preventDefault();
  };
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: the keys of the list begin here
    <li ref={box} class="card review-item" tabIndex={0} aria-label={labelOf(item)} onKeyDown={onKeyDown}>
      <div class="review-head">
        <Verdict verdict={item.verdict} review />
        <span class="nowrap dim">{moment(item.at)}</span>
        <a class="mono" href={hrefOf(`/decisions/${encodeURIComponent(item.requestId)}`)}>
          {item.requestId}
        </a>
      </div>
      <Facts facts={factsOf(item)} />
      <div class="review-mark">
        <Field
          label={t('review.note')}
          value={note}
          maxLength={1000}
          onInput={({ currentTarget }) => setNote(currentTarget.value)}
        />
        <div class="review-buttons">
          {(['right', 'wrong'] as const).map((mark) => (
            <button
              key={mark}
              type="button"
              class={`button ${item.mark === mark ? 'main' : ''}`}
              aria-pressed={item.mark === mark}
              disabled={isBusy}
              onClick={() => set(mark)}
            >
              {t(`review.mark.${mark}`)}
            </button>
          ))}
          {item.mark !== null && (
            <button type="button" class="button" disabled={isBusy} onClick={() => set(null)}>
              {t('review.undo')}
            </button>
          )}
        </div>
      </div>
      {item.mark !== null && item.marked !== null && (
        <p class="dim small">
          {t(item.mark === 'right' ? 'review.markedRight' : 'review.markedWrong', {
            by: item.marked.by,
            time: moment(item.marked.at),
          })}
        </p>
      )}
      <p class="problem" role="alert">
        {problem}
      </p>
    </li>
  );
}

const labelOf = ({ verdict, requestId }: ReviewItem) =>
  `${named('verdict', verdict ?? 'refused')}, ${requestId}`;

function factsOf(item: ReviewItem) {
  const value = (one: number | null, digits = 2) => (one === null ? '–' : number(one, digits));
  return [
    [t('review.score'), value(item.score)],
    [t('review.rawScore'), value(item.rawScore)],
    [t('review.threshold'), value(item.threshold)],
    [
      t('review.probability'),
      item.liveProbability === null ? '–' : `${value(100 * item.liveProbability, 1)} %`,
    ],
    [t('review.profile'), item.profile === null ? '–' : named('policy.profile', item.profile)],
    [t('review.appid'), item.appid],
    [t('review.reasons'), item.reasons.length === 0 ? t('review.none') : <Codes codes={item.reasons} />],
    [t('review.reference'), item.reference ?? t('review.none')],
  ] as const;
}
