import type { Profile } from './types.ts';

/** The profiles, the default first. */
export const PROFILES: readonly Profile[] = ['careful', 'fast', 'single'];

/** The profile that is used where none is asked for and every network is in place. */
export const DEFAULT_PROFILE: Profile = 'careful';

/**
 * The profile that needs the networks of one registry alone: used where none is asked for and others cannot
 * be.
 */
export const FALLBACK_PROFILE: Profile = 'single';
