import { createHash } from 'node:crypto';
import type { ReasonCode } from '../reasons.ts';
import type { CapturePreset } from '../types.ts';
import { type Bound, breached } from './bound.ts';
import { type ComponentRule, RULES } from './rules.ts';

/**
 * What a preset asks of a picture; null: nothing beyond what the networks need. Sizes are least ones in
 * pixels, angles greatest ones in degrees to either side.
 */
export interface CaptureLimits {
  readonly FaceWidth: number | null;
  readonly InterEyeDistance: number | null;
  readonly FacePadding: number | null;
  readonly HeadPoseYaw: number | null;
  readonly HeadPosePitch: number | null;
  readonly PictureWidth: number | null;
  readonly PictureHeight: number | null;
}

/** A quality component that a preset can limit. */
export type CaptureComponent = keyof CaptureLimits;

/**
 * The capture presets. Each row only adds to the limits in `rules.ts`, which stay in force as the floor under
 * all of them. `standard` is what ID R&D publishes for IDLive Face Server. `strict` takes the tightest figure
 * of each kind that Seventh Sense (face, eyes, padding) and VisionLabs LUNA ID (picture, pose) publish.
 * docs/understand/quality.md has the sources.
 */
export const CAPTURE_PRESETS: Readonly<Record<CapturePreset, CaptureLimits>> = {
  lenient: {
    FaceWidth: null,
    InterEyeDistance: null,
    FacePadding: null,
    HeadPoseYaw: null,
    HeadPosePitch: null,
    PictureWidth: null,
    PictureHeight: null,
  },
  standard: {
    FaceWidth: 150,
    InterEyeDistance: 50,
    FacePadding: 15,
    HeadPoseYaw: 30,
    HeadPosePitch: 30,
    PictureWidth: 600,
    PictureHeight: 800,
  },
  strict: {
    FaceWidth: 224,
    InterEyeDistance: 80,
    FacePadding: 25,
    HeadPoseYaw: 20,
    HeadPosePitch: 20,
    PictureWidth: 720,
    PictureHeight: 960,
  },
};

/** The names of the presets, the loosest first. */
export const CAPTURE_NAMES = Object.keys(CAPTURE_PRESETS) as readonly CapturePreset[];

/** What counts where none is named. */
export const DEFAULT_CAPTURE: CapturePreset = 'lenient';

/** How a limit bounds its component, and which reason is given beyond it. */
const BOUNDS: Readonly<Record<CaptureComponent, (limit: number) => Bound>> = {
  FaceWidth: (min) => ({ min, below: 'FACE_TOO_SMALL' }),
  InterEyeDistance: (min) => ({ min, below: 'EYES_TOO_CLOSE' }),
  FacePadding: (min) => ({ min, below: 'FACE_NEAR_EDGE' }),
  HeadPoseYaw: (max) => ({ min: -max, max, below: 'HEAD_TURNED_FAR', above: 'HEAD_TURNED_FAR' }),
  HeadPosePitch: (max) => ({ min: -max, max, below: 'HEAD_RAISED_FAR', above: 'HEAD_LOWERED_FAR' }),
  PictureWidth: (min) => ({ min, below: 'PICTURE_WIDTH_TOO_SMALL' }),
  PictureHeight: (min) => ({ min, below: 'PICTURE_HEIGHT_TOO_SMALL' }),
};

/** The components that presets can limit. */
export const CAPTURE_COMPONENTS = Object.keys(BOUNDS) as readonly CaptureComponent[];

/** Whether a preset can limit the component of this name. */
export function isCaptureComponent(name: string): name is CaptureComponent {
  return Object.hasOwn(BOUNDS, name);
}

/** The tighter of two lower and of two upper limits, each with its own reason. */
function tighter(a: Bound, b: Bound): Bound {
  const low = b.min !== undefined && (a.min === undefined || b.min > a.min) ? b : a;
  const high = b.max !== undefined && (a.max === undefined || b.max < a.max) ? b : a;
  return {
    ...(low.min === undefined ? {} : { min: low.min }),
    ...(high.max === undefined ? {} : { max: high.max }),
    ...(low.below === undefined ? {} : { below: low.below }),
    ...(high.above === undefined ? {} : { above: high.above }),
  };
}

/**
 * The limits of a component in force under a preset: the floor that the networks need, or the preset's where
 * that is tighter. A preset never loosens the floor.
 */
export function rejectUnder(
  preset: CapturePreset,
  { name, reject: floor }: ComponentRule,
): Bound | undefined {
  const limit = isCaptureComponent(name) ? CAPTURE_PRESETS[preset][name] : null;
  if (limit === null) return floor;
  const asked = BOUNDS[name as CaptureComponent](limit);
  return floor === undefined ? asked : tighter(floor, asked);
}

/** A preset by name and content, for records. */
export interface CaptureVersion {
  readonly preset: CapturePreset;
  /** SHA-256, hex, of `limits` as JSON in the order of the table. */
  readonly sha256: string;
  readonly limits: CaptureLimits;
}

const VERSIONS = new Map<CapturePreset, CaptureVersion>();

/** The preset as it stands in this version. */
export function captureVersion(preset: CapturePreset): CaptureVersion {
  const known = VERSIONS.get(preset);
  if (known !== undefined) return known;
  const limits = CAPTURE_PRESETS[preset];
  const sha256 = createHash('sha256').update(JSON.stringify(limits)).digest('hex');
  const version = { preset, sha256, limits };
  VERSIONS.set(preset, version);
  return version;
}

/** The reasons that a preset's limits give. */
export function reasonsOf(preset: CapturePreset): readonly ReasonCode[] {
  const limits = CAPTURE_PRESETS[preset];
  const codes = CAPTURE_COMPONENTS.filter((name) => limits[name] !== null).flatMap((name) => {
    const { below, above } = BOUNDS[name](0);
    return [below, above].filter((code) => code !== undefined);
  });
  return [...new Set(codes)];
}

/**
 * Every reason that only a preset's limit gives. `FACE_TOO_SMALL` is not among them: the networks' own limit
 * gives it too.
 */
const OWN_REASONS: ReadonlySet<string> = new Set(
  CAPTURE_NAMES.flatMap(reasonsOf).filter((code) => code !== 'FACE_TOO_SMALL'),
);

/**
 * The reason codes of a picture as they would be under another preset, from the codes it was given and the
 * values that a preset looks at; null where one of those values is not known.
 */
export function codesUnder(
  preset: CapturePreset,
  codes: readonly string[],
  values: Readonly<Record<string, number>> | null,
): readonly string[] | null {
  if (values === null || CAPTURE_COMPONENTS.some((name) => values[name] === undefined)) return null;
  const kept = codes.filter((code) => !OWN_REASONS.has(code) && code !== 'FACE_TOO_SMALL');
  const given = RULES.filter(({ name }) => isCaptureComponent(name)).flatMap((rule) => {
    const code = breached(rejectUnder(preset, rule), values[rule.name])?.code;
    return code === undefined ? [] : [code];
  });
  return [...new Set([...given, ...kept])];
}
