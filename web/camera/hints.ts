import { OVAL } from './geometry.ts';
import type { HintKind } from './kinds.ts';
import type { FacePlace, Reading } from './types.ts';

/**
 * Where the hints begin: close to the limits of the server's quality components (LuminanceMean 40 to 225, BackLight 130, Sharpness 16), and
 * a little inside them, since the page looks at the oval and not at the face itself. A higher limit for darkness would tell people with dark
 * skin in good light to find more of it.
 */
export const LIMITS = {
  dark: 48,
  bright: 215,
  overexposed: 0.25,
  backLight: 110,
  sharpness: 18,
  motion: 7,
  /** Width of the face box, in frame widths. */
  far: 0.34,
  close: 0.64,
  /** Distance of the face's centre from the oval's, in frame widths and heights. */
  aside: 0.11,
  above: 0.12,
  /** A second face counts where it is at least this share of the first one's width. */
  second: 0.5,
} as const;

/** The most useful advice on a reading: what hinders the other checks comes first. */
export function hintFor(reading: Reading): HintKind {
  const { brightness, surroundings, overexposed, sharpness, motion, faces } = reading;
  const backLight = surroundings - brightness;
  if (brightness < LIMITS.dark && backLight < LIMITS.backLight) return 'too_dark';
  const placed = faces === null ? null : hintForFaces(faces);
  if (placed !== null) return placed;
  if (brightness > LIMITS.bright || overexposed > LIMITS.overexposed) return 'too_bright';
  if (backLight >= LIMITS.backLight) return 'backlit';
  if (motion > LIMITS.motion) return 'moving';
  if (sharpness < LIMITS.sharpness) return 'blurred';
  return 'ready';
}

function hintForFaces(faces: readonly FacePlace[]): HintKind | null {
  const [first, second] = faces;
  if (first === undefined) return 'no_face';
  if (second !== undefined && second.width >= first.width * LIMITS.second) return 'several_faces';
  if (first.width < LIMITS.far) return 'too_far';
  if (first.width > LIMITS.close) return 'too_close';
  const aside = Math.abs(first.x - OVAL.x) > LIMITS.aside || Math.abs(first.y - OVAL.y) > LIMITS.above;
  return aside ? 'off_centre' : null;
}

/** Milliseconds. */
export const TIMES = {
  /** A hint is shown once it has held this long. */
  settle: 240,
  /** A hint stays at least this long. */
  stay: 700,
  /** All has to be well this long before the stills are taken by themselves. */
  hold: 900,
} as const;

/** What a person is shown: the hint, and how much of the time of holding still is over, 0 to 1. */
export interface Advice {
  readonly hint: HintKind;
  readonly held: number;
}

/** Calms the hints of single readings down, and counts how long all has been well. */
export class Steadiness {
  #shown: HintKind | null = null;
  #shownAt = 0;
  #seen: HintKind | null = null;
  #seenAt = 0;

  /** Takes the hint of one reading at `now` (milliseconds of any clock that only grows). */
  next(hint: HintKind, now: number): Advice {
    if (hint !== this.#seen) {
      this.#seen = hint;
      this.#seenAt = now;
    }
    const settled = now - this.#seenAt >= TIMES.settle && now - this.#shownAt >= TIMES.stay;
    if (this.#shown === null || (hint !== this.#shown && settled)) {
      this.#shown = hint;
      this.#shownAt = now;
    }
    const well = hint === 'ready' && this.#shown === 'ready';
    const held = well ? Math.min(1, (now - Math.max(this.#seenAt, this.#shownAt)) / TIMES.hold) : 0;
    return { hint: this.#shown, held };
  }
}
