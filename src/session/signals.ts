import type { UploadFacts } from './facts.ts';
import { type JpegStructure, jpegStructure } from './jpeg-structure.ts';

/**
 * What speaks for a picture that did not come from a camera through the component. Each is weak: absent in an
 * attack by somebody who knows of it, and now and then there with an honest camera.
 */
export const CAPTURE_SIGNALS = [
  'facts_missing',
  'camera_label_missing',
  'camera_virtual',
  'frames_identical',
  'timing_implausible',
  'jpeg_structure',
  'editor_metadata',
  'resolution_unusual',
  'resolution_differs',
] as const;
export type CaptureSignal = (typeof CAPTURE_SIGNALS)[number];

/** What is looked at of one upload. */
export interface CaptureSeen {
  readonly facts: UploadFacts | null;
  readonly picture: Uint8Array;
  /** SHA-256 of the picture, hex. */
  readonly sha256: string;
  /** Stills of the session that came before: of every try for their bytes, of this one for their times. */
  readonly earlier: readonly { readonly sha256: string }[];
  readonly before: { readonly takenAfter: number | null } | null;
}

/** Names that programs give their cameras; phones used as webcams (DroidCam, Camo) are cameras. */
const VIRTUAL =
  /\b(?:obs|obs virtual|manycam|snap camera|xsplit|mmhmm|splitcam|camtwist|youcam|webcamoid|akvcam|e2esoft|vcam|altercam|chromacam|sparkocam|prism lens|v4l2loopback|dummy video device|virtual ?cam(?:era)?|fake_device)/i;
const EDITORS =
  /photoshop|lightroom|\bgimp\b|snapseed|picsart|facetune|meitu|canva|pixelmator|paint\.net|affinity photo|imagemagick|faceapp|stable.?diffusion|midjourney|dall.e|firefly|comfyui/i;
/** Width over height of camera modes: 4:3, 16:9, 3:2, 16:10, 5:4, 11:9, 1:1. */
const RATIOS = [4 / 3, 16 / 9, 3 / 2, 16 / 10, 5 / 4, 11 / 9, 1];
const RATIO_SLACK = 0.012;
const SMALLEST_SIDE = 120;
/** Longest pause between two stills of one series, in ms: the component takes all within a second. */
const LONGEST_PAUSE = 5000;

/** The signals of one upload, in the order of `CAPTURE_SIGNALS`. */
export function captureSignals(seen: CaptureSeen): readonly CaptureSignal[] {
  const jpeg = jpegStructure(seen.picture);
  const found = new Set<CaptureSignal>();
  const note = (signal: CaptureSignal, isSeen: boolean) => {
    if (isSeen) found.add(signal);
  };
  const { facts, before, earlier, sha256 } = seen;
  note('facts_missing', facts === null);
  note('camera_label_missing', facts !== null && facts.label.trim() === '');
  note('camera_virtual', facts !== null && VIRTUAL.test(facts.label));
  note(
    'frames_identical',
    earlier.some((one) => one.sha256 === sha256),
  );
  note('timing_implausible', facts !== null && isOddPause(before?.takenAfter ?? null, facts.takenAfter));
  note('jpeg_structure', jpeg === null || !jpeg.isAsSent);
  note('editor_metadata', jpeg !== null && EDITORS.test(jpeg.metadata));
  note('resolution_unusual', jpeg !== null && !isCameraMode(jpeg));
  note('resolution_differs', jpeg !== null && differs(facts, jpeg));
  return CAPTURE_SIGNALS.filter((signal) => found.has(signal));
}

function isOddPause(before: number | null, now: number | null): boolean {
  if (now === null) return true;
  return before !== null && (now <= before || now - before > LONGEST_PAUSE);
}

function isCameraMode({ width, height }: JpegStructure): boolean {
  const [long, short] = [Math.max(width, height), Math.min(width, height)];
  if (short < SMALLEST_SIDE || long % 2 !== 0 || short % 2 !== 0) return false;
  return RATIOS.some((ratio) => Math.abs(long / short / ratio - 1) <= RATIO_SLACK);
}

/** A device that is turned swaps width and height. */
function differs(facts: UploadFacts | null, { width, height }: JpegStructure): boolean {
  if (facts === null || facts.width === null || facts.height === null) return false;
  return (
    Math.min(facts.width, facts.height) !== Math.min(width, height) ||
    Math.max(facts.width, facts.height) !== Math.max(width, height)
  );
}
