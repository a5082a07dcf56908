import { number, t } from '../../i18n/index.ts';
import { Choice, Field } from '../../ui/parts.tsx';
import type { AppPolicy, ReviewLimits } from './model.ts';
import type { Presets } from './policy.tsx';

const percent = (share: number) => `${number(share * 100, 2)} %`;

/** Limits of review in a few characters. */
export const reviewText = ({ low, high }: ReviewLimits) => `${percent(low)} – ${percent(high)}`;

/** The limits of an app that has none of its own: the server's for its profile. */
function serverLimits({ defaults }: Presets, { profile }: Pick<AppPolicy, 'profile'>) {
  return defaults.reviewLimits[profile ?? defaults.profile];
}

/** The same in words. */
export function serverReview(presets: Presets, policy: Pick<AppPolicy, 'profile'>): string {
  const limits = serverLimits(presets, policy);
  const value =
    limits === undefined
      ? t('policy.reviewUnknown')
      : limits === null
        ? t('policy.none')
        : reviewText(limits);
  return t('policy.ofServer', { value });
}

/** The limits of review: the server's, or two of one's own. */
export function ReviewFields(props: {
  readonly presets: Presets;
  readonly policy: Pick<AppPolicy, 'profile' | 'review'>;
  readonly onChange: (review: ReviewLimits | null) => void;
}) {
  const { presets, policy, onChange } = props;
  const { review } = policy;
  const field = (name: keyof ReviewLimits, known: ReviewLimits) => (
    <Field
      label={t(`policy.review.${name}`)}
      type="number"
      min={0}
      max={100}
      step="any"
      value={String(Math.round(known[name] * 10_000) / 100)}
      onChange={({ currentTarget: { value } }) => {
        if (value !== '') onChange({ ...known, [name]: Math.round(Number(value) * 100) / 10_000 });
      }}
    />
  );
  return (
    <>
      <Choice
        label={t('policy.review')}
        value={review === null ? '' : 'own'}
        hint={t('policy.reviewHint')}
        options={[
          ['', serverReview(presets, policy)],
          ['own', t('policy.reviewOwn')],
        ]}
        onChoose={(value) =>
          onChange(value === '' ? null : (review ?? serverLimits(presets, policy) ?? { low: 0.3, high: 0.7 }))
        }
      />
      {review !== null && field('low', review)}
      {review !== null && field('high', review)}
    </>
  );
}
