import { reason } from '../reasons.ts';
import type { Judgement, Reason } from '../types.ts';
import { thumbnailDistance } from './thumbnail.ts';

/**
 * Thumbnails nearer than this, in levels of 255, are of one picture, encoded anew. Measured on 37 portraits:
 * encoding as JPEG of quality 85 and 40 or WebP of quality 50 changes one by at most 0.66, quality 20 by
 * 1.21; moving the camera by 0.3 % of the width by at least 2.02. Not measured on series of a camera on a
 * stand.
 */
export const SAME_PICTURE = 1;
/** Furthest that a face centre may move between stills, in widths of the larger face. */
export const FURTHEST_MOVE = 1;
/** Largest face width over the smallest, both as shares of the picture's width. */
export const LARGEST_GROWTH = 1.6;

/** What of a judgement its still is compared by. */
export interface ComparedPart extends Pick<Judgement, 'width'> {
  readonly face: Pick<NonNullable<Judgement['face']>, 'box'> | null;
  readonly quality: readonly Pick<Judgement['quality'][number], 'name' | 'value'>[];
}

/** A still with what tells it from another. */
export interface ComparedStill {
  readonly judgement: ComparedPart;
  /** Of the picture's bytes, hex. */
  readonly sha256: string;
  /** Null where the picture was too small for one. */
  readonly thumbnail: Float32Array | null;
}

/** How well several stills go together. */
export interface Consistency {
  /** Whether the faces lie in one place; null with fewer than two. */
  readonly samePosition: boolean | null;
  /** Whether the faces are of one size; null with fewer than two. */
  readonly sameSize: boolean | null;
  /** Pairs of stills, counted from 0, that are one picture: to the byte, or encoded anew. */
  readonly identical: readonly (readonly [number, number])[];
  /** Stills with a face, the sharpest first, counted from 0. */
  readonly bySharpness: readonly number[];
}

/** Compares the stills with each other: place and size of the faces alone, nobody is recognised. */
export function compareStills(stills: readonly ComparedStill[]): Consistency {
  const faces = stills.flatMap(({ judgement }) => placeOf(judgement) ?? []);
  const pairs = pairsOf(faces.length).map(([a, b]) => [faces[a], faces[b]] as const);
  const enough = faces.length > 1;
  return {
    samePosition: enough
      ? pairs.every(
          ([a, b]) => Math.hypot(a.x - b.x, a.y - b.y) <= FURTHEST_MOVE * Math.max(a.width, b.width),
        )
      : null,
    sameSize: enough
      ? pairs.every(([a, b]) => Math.max(a.width, b.width) <= LARGEST_GROWTH * Math.min(a.width, b.width))
      : null,
    identical: pairsOf(stills.length).filter(([a, b]) => isOnePicture(stills[a], stills[b])),
    bySharpness: stills
      .flatMap(({ judgement }, at) => {
        const sharpness = judgement.quality.find(({ name }) => name === 'Sharpness');
        return sharpness === undefined ? [] : [{ at, value: sharpness.value }];
      })
      .sort((a, b) => b.value - a.value || a.at - b.at)
      .map(({ at }) => at),
  };
}

/** What a caller hears of stills that do not go together; warnings, none of which changes a score. */
export function consistencyReasons({ samePosition, sameSize, identical }: Consistency): readonly Reason[] {
  return [
    ...(identical.length > 0 ? [reason('STILLS_IDENTICAL')] : []),
    ...(samePosition === false || sameSize === false ? [reason('STILLS_APART')] : []),
  ];
}

function isOnePicture(a: ComparedStill, b: ComparedStill): boolean {
  if (a.sha256 === b.sha256) return true;
  if (a.thumbnail === null || b.thumbnail === null) return false;
  return thumbnailDistance(a.thumbnail, b.thumbnail) < SAME_PICTURE;
}

/** Centre and width of a face in shares of its picture's width, so that scaled pictures compare. */
function placeOf({ face, width }: ComparedPart) {
  if (face === null) return null;
  const { left, top, right, bottom } = face.box;
  return { x: (left + right) / 2 / width, y: (top + bottom) / 2 / width, width: (right - left) / width };
}

function pairsOf(count: number): (readonly [number, number])[] {
  return Array.from({ length: count }, (_, a) =>
    Array.from({ length: count - a - 1 }, (_, i) => [a, a + 1 + i] as const),
  ).flat();
}
