import { makeCanvas } from './canvas.ts';
import { nextFrame } from './frame.ts';
import { withoutMetadata } from './jpeg.ts';
import type { ErrorKind } from './kinds.ts';

/** One still as it was taken. */
export interface Still {
  readonly blob: Blob;
  readonly width: number;
  readonly height: number;
  /** By `performance.now()`. */
  readonly at: number;
}

/** What ends a series. */
export class SeriesError extends Error {
  readonly kind: ErrorKind;

  constructor(kind: ErrorKind) {
    super(kind);
    this.name = 'SeriesError';
    this.kind = kind;
  }
}

const QUALITY = 0.92;
/** Milliseconds from one still to the next at most, and from the first to the last at most. */
const GAP = 300;
const SPAN = 900;
/** Milliseconds without a frame that end a series. */
const PATIENCE = 3000;
/** How often a series begins anew because the device was turned meanwhile. */
const TURNS = 5;

/**
 * Takes `count` stills of a playing video within a second: whole frames at the camera's resolution, upright, not mirrored. Where the
 * device is turned meanwhile the series begins anew, so that all stills are of one shape. `taken` is called for each frame as it is taken.
 * @throws SeriesError; the signal's reason
 */
export async function takeStills(
  video: HTMLVideoElement,
  count: number,
  signal: AbortSignal,
  taken: (index: number) => void,
): Promise<readonly Still[]> {
  for (let turn = 0; turn < TURNS; turn++) {
    const stills = await series(video, count, signal, taken);
    if (stills !== null) return stills;
  }
  throw new SeriesError('no_frames');
}

async function series(
  video: HTMLVideoElement,
  count: number,
  signal: AbortSignal,
  taken: (index: number) => void,
): Promise<readonly Still[] | null> {
  const gap = Math.min(GAP, SPAN / Math.max(1, count - 1));
  const pending: Promise<Still>[] = [];
  // What is encoded in vain when the series breaks off has nobody who waits for it.
  const leave = () => Promise.allSettled(pending);
  let begun = 0;
  const [width, height] = [video.videoWidth, video.videoHeight];
  try {
    for (let index = 0; index < count; index++) {
      if (index > 0) await delay(begun + index * gap - performance.now() - 8, signal);
      if (!(await nextFrame(video, PATIENCE, signal))) throw new SeriesError('no_frames');
      if (index === 0) begun = performance.now();
      if (video.videoWidth !== width || video.videoHeight !== height) {
        await leave();
        return null;
      }
      pending.push(still(video));
      taken(index);
    }
  } catch (error) {
    await leave();
    throw error;
  }
  const stills = await Promise.all(pending);
  signal.throwIfAborted();
  return stills;
}

/** The frame is copied before this returns its promise; encoding goes on beside the next ones. */
async function still(video: HTMLVideoElement): Promise<Still> {
  const at = performance.now();
  const { videoWidth: width, videoHeight: height } = video;
  const { canvas, context } = makeCanvas(width, height);
  if (context === null) throw new SeriesError('encoding_failed');
  context.drawImage(video, 0, 0, width, height);
  const encoded = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, 'image/jpeg', QUALITY));
  // Frees the pixels now: some browsers count them against a limit until the canvas is collected.
  canvas.width = 0;
  if (encoded === null || encoded.type !== 'image/jpeg') throw new SeriesError('encoding_failed');
  const parts = withoutMetadata(new Uint8Array(await encoded.arrayBuffer()));
  return { blob: new Blob(parts, { type: 'image/jpeg' }), width, height, at };
}

function delay(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = () => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', aborted);
      resolve();
    }, milliseconds);
    if (signal.aborted) aborted();
    else signal.addEventListener('abort', aborted);
  });
}
