import { Fault, type FaultReason } from '../faults.ts';

/** What a picture may be at most; checked before anything is decoded. */
export interface PictureLimits {
  /** Bytes of the file. */
  readonly bytes: number;
  /** Width times height. */
  readonly pixels: number;
  /** Width, and height, in pixels. */
  readonly side: number;
}

/** Limits where nothing else is set. */
export const DEFAULT_LIMITS: PictureLimits = { bytes: 32 * 1024 * 1024, pixels: 40_000_000, side: 16_384 };

/** Seconds after which the library leaves a picture alone: several times what the largest one takes. */
export const DECODE_SECONDS = 15;

/** Why a picture is refused. */
export type PictureRefusal = FaultReason<'picture_unreadable' | 'picture_too_large'>;

/**
 * A refusal of a picture with its reason: `picture_too_large` for a size over a limit, else
 * `picture_unreadable`.
 */
export function refuse(reason: PictureRefusal, message: string, cause?: unknown): Fault {
  if (reason === 'too_large' || reason === 'too_many_pixels') {
    return new Fault('picture_too_large', reason, message, { cause });
  }
  return new Fault('picture_unreadable', reason, message, { cause });
}

/**
 * Checks a size in pixels.
 * @throws {Fault} `picture_unreadable` `empty` or `too_many_pixels`
 */
export function checkSize(width: number, height: number, limits: PictureLimits): void {
  if (!(width > 0 && height > 0)) throw refuse('empty', `size ${width} x ${height} has no pixels`);
  if (width > limits.side || height > limits.side) {
    throw refuse('too_many_pixels', `${width} x ${height}: no side may exceed ${limits.side} pixels`);
  }
  if (width * height > limits.pixels) {
    throw refuse('too_many_pixels', `${width} x ${height} is over the limit of ${limits.pixels} pixels`);
  }
}
