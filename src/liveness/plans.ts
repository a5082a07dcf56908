import type { Calibration } from './card-schema.ts';
import { ModelError } from './model-error.ts';
import type { ClassifierCard } from './pack.ts';
import { PROFILES } from './profiles.ts';
import type { Profile } from './types.ts';

/** How a profile judges: its classifiers in order, and what their fused logit means. */
export interface ProfilePlan {
  readonly profile: Profile;
  /** The built-in ones first, those of one kind by weight and then by name. */
  readonly cards: readonly ClassifierCard[];
  readonly calibration: Calibration;
  /**
   * Whether the calibration was fitted for exactly these classifiers; false: a pack joined that brought none.
   */
  readonly calibrated: boolean;
}

/** The plans of the profiles whose networks are all there, and what the others lack. */
export interface Plans {
  readonly ready: ReadonlyMap<Profile, ProfilePlan>;
  /** Names of the missing networks by profile. */
  readonly missing: ReadonlyMap<Profile, readonly string[]>;
}

const weightIn = (card: ClassifierCard, profile: Profile) => card.profiles[profile]?.weight ?? 0;

/** The cards that take part in the profile, the weightiest first. */
function membersOf(cards: readonly ClassifierCard[], profile: Profile): ClassifierCard[] {
  return cards
    .filter((card) => card.profiles[profile] !== undefined)
    .sort((a, b) => weightIn(b, profile) - weightIn(a, profile) || (a.name < b.name ? -1 : 1));
}

const sameNetworks = (block: Calibration, members: readonly ClassifierCard[]) =>
  block.networks.length === members.length && members.every(({ name }) => block.networks.includes(name));

/** The one calibration of the profile that was fitted for these networks; undefined where there is none. */
function fitted(
  profile: Profile,
  cards: readonly ClassifierCard[],
  members: readonly ClassifierCard[],
): Calibration | undefined {
  const blocks = cards.flatMap(({ name, calibration }) =>
    calibration
      .filter((b) => b.profile === profile && sameNetworks(b, members))
      .map((block) => ({ name, block })),
  );
  if (blocks.length > 1) {
    const names = blocks.map(({ name }) => name).join(' and ');
    throw new ModelError(
      'calibration',
      `the cards ${names} each bring one of the profile "${profile}" for the same networks; leave out one of them`,
    );
  }
  return blocks[0]?.block;
}

/**
 * Works out how each profile judges. A profile is ready when every built-in network that takes part in it is
 * there; it is never judged with fewer, since one profile must always give one score. The calibration is the
 * one that names exactly the networks that take part; where packs joined and none does, that of the built-in
 * networks.
 *
 * @param builtIn cards of the built-in classifiers, present or not
 * @param packs cards of the operator's classifiers
 * @param present names of the built-in networks whose files are there
 * @throws {ModelError} when a profile has no networks or no calibration, or more than one
 */
export function planProfiles(
  builtIn: readonly ClassifierCard[],
  packs: readonly ClassifierCard[],
  present: ReadonlySet<string>,
): Plans {
  const ready = new Map<Profile, ProfilePlan>();
  const missing = new Map<Profile, readonly string[]>();
  for (const profile of PROFILES) {
    const own = membersOf(builtIn, profile);
    const lacking = own.filter(({ name }) => !present.has(name)).map(({ name }) => name);
    if (lacking.length > 0) {
      missing.set(profile, lacking);
      continue;
    }
    const cards = [...own, ...membersOf(packs, profile)];
    const all = [...builtIn, ...packs];
    const exact = fitted(profile, all, cards);
    const calibration = exact ?? fitted(profile, all, own);
    if (own.length === 0 || calibration === undefined) {
      throw new ModelError('calibration', `no card brings one of the profile "${profile}" for its networks`);
    }
    ready.set(profile, { profile, cards, calibration, calibrated: exact !== undefined });
  }
  return { ready, missing };
}
