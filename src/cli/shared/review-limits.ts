import type { Config } from '../../config/load.ts';
import { readBuiltInCards } from '../../liveness/built-in.ts';
import { PROFILES } from '../../liveness/profiles.ts';
import type { ReviewByProfile } from '../../liveness/review.ts';

/**
 * The limits of review by profile, as the workers take them: those of the settings, else those that the
 * networks were published with; none where other networks join in, for which no limits were fitted.
 */
export async function reviewLimitsOf({
  review: { low, high },
  models,
}: Pick<Config, 'review' | 'models'>): Promise<ReviewByProfile> {
  if (low !== null && high !== null)
    return Object.fromEntries(PROFILES.map((profile) => [profile, { low, high }]));
  if (models.packs.length > 0) return {};
  const cards = await readBuiltInCards();
  return Object.fromEntries(
    cards.flatMap((card) =>
      card.role === 'classifier' ? card.calibration.map(({ profile, review }) => [profile, review]) : [],
    ),
  );
}
