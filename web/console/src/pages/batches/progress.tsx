import { number, t } from '../../i18n/index.ts';
import { type Batch, doneOf } from './types.ts';

/** The state of a batch, with a colour of its own. */
export function State({ state }: Pick<Batch, 'state'>) {
  return <span class={`badge batch-${state}`}>{t(`batches.state.${state}`)}</span>;
}

/** How far a batch is, as a bar and in numbers. */
export function Progress({ batch }: { readonly batch: Batch }) {
  const done = doneOf(batch);
  const share = batch.pictures === 0 ? 0 : (done / batch.pictures) * 100;
  const text = t('batches.of', { done: number(done), all: number(batch.pictures) });
  return (
    <span class="progress">
      <svg viewBox="0 0 100 8" preserveAspectRatio="none" aria-hidden="true">
        <rect class="track" width="100" height="8" />
        <rect class={`bar-${batch.state}`} width={share} height="8" />
      </svg>
      <span class="mono nowrap">{text}</span>
    </span>
  );
}
