import { Fault } from './faults.ts';
import type { ProbabilityScaling, ScoreCurve } from './liveness/calibrate.ts';
import { judgePicture } from './liveness/judge.ts';
import { type LoadedModels, loadModels } from './liveness/load.ts';
import {
  checkCapture,
  checkLimits,
  checkNames,
  checkProfile,
  checkReview,
  checkThreshold,
} from './liveness/options.ts';
import { DEFAULT_PROFILE, FALLBACK_PROFILE } from './liveness/profiles.ts';
import { DEFAULT_CAPTURE } from './liveness/quality/capture.ts';
import { turnClockwise } from './liveness/resample.ts';
import { DEFAULT_THRESHOLD } from './liveness/threshold.ts';
import type {
  CapturePreset,
  Judgement,
  ModelUsed,
  Profile,
  ReviewLimits,
  RgbPicture,
} from './liveness/types.ts';
import {
  DEFAULT_LIMITS,
  type DecodedPicture,
  decodePicture,
  type PictureLimits,
} from './picture/decode/decode.ts';
import { pullCommand, requireWeights, WeightsError } from './weights/index.ts';

/** How an engine is made. */
export interface LivenessOptions {
  /** Folder of the built-in weight files; livestill's own `models/` where nothing is given. */
  readonly modelsDir?: string;
  /** Folders of models of your own, each with `card.json` and an ONNX file. */
  readonly packs?: readonly string[];
  /**
   * `careful`, `fast` or `single`; where nothing is given `careful`, or `single` while the networks of the
   * others are missing.
   */
  readonly profile?: Profile;
  /** Score above which a picture is taken for live; 87 where nothing is given. */
  readonly threshold?: number;
  /** What a picture must offer before it is judged; `lenient` where nothing is given. */
  readonly capture?: CapturePreset;
  /**
   * Probabilities between which a judgement is for review; those of the calibration in use where nothing is
   * given.
   */
  readonly review?: ReviewLimits;
  readonly limits?: Partial<PictureLimits>;
}

/** What one call may decide for itself. */
export interface JudgeOptions {
  readonly threshold?: number;
  readonly profile?: Profile;
  readonly capture?: CapturePreset;
  readonly review?: ReviewLimits;
  /** The picture is one of several that are judged together: the judgement says what they are compared by. */
  readonly still?: boolean;
  readonly signal?: AbortSignal;
}

const OPTIONS = [
  'modelsDir',
  'packs',
  'profile',
  'threshold',
  'capture',
  'review',
  'limits',
] as const satisfies readonly (keyof LivenessOptions)[];
const CALL_OPTIONS = [
  'threshold',
  'profile',
  'capture',
  'review',
  'still',
  'signal',
] as const satisfies readonly (keyof JudgeOptions)[];

/** A judgement together with the upright pixels it was made of. */
export interface JudgedPicture {
  readonly judgement: Judgement;
  /** The upright picture: EXIF orientation and quarter turns applied. */
  readonly picture: RgbPicture;
}

/** Profiles that cannot be used, and what mends that. */
export interface Lacking {
  readonly profiles: readonly Profile[];
  /** Names of the networks that are not in place. */
  readonly networks: readonly string[];
  /** The command that fetches them. */
  readonly command: string;
}

/** A loaded engine. Calls may overlap; each takes the calling thread for most of its time. */
export interface Liveness {
  /** The models that take part in the engine's profile, with the hashes of their files. */
  readonly models: readonly ModelUsed[];
  /** The profile where a call names none. */
  readonly profile: Profile;
  /** What makes a score and a probability of a fused logit in the engine's profile. */
  readonly curve: ScoreCurve & ProbabilityScaling;
  /** What cannot be used for want of networks; null where everything is in place. */
  readonly lacking: Lacking | null;
  /**
   * Judges the bytes of one JPEG, PNG, WebP, BMP, HEIC or AVIF file.
   *
   * @throws {Fault} `picture_unreadable` or `picture_too_large` (`reason` says why); `profile_unavailable`
   * when the call asks for a profile whose networks are not in place
   * @throws {TypeError} when it is given something else than bytes, a path for one, or an unknown option
   * @throws {RangeError} for a value that an option cannot have
   * @throws {Error} when the engine was closed
   */
  judge(bytes: Uint8Array, options?: JudgeOptions): Promise<Judgement>;
  /** As {@link judge}, and gives the upright pixels too, for drawing on them. */
  judgeWithPicture(bytes: Uint8Array, options?: JudgeOptions): Promise<JudgedPicture>;
  /** Lets go of the networks; the engine cannot be used afterwards. A second call does nothing. */
  close(): Promise<void>;
}

function checkBytes(bytes: unknown): void {
  if (bytes instanceof Uint8Array) return;
  const found = typeof bytes === 'string' ? `the text ${JSON.stringify(bytes.slice(0, 80))}` : typeof bytes;
  throw new TypeError(
    `judge() takes the bytes of a picture (Buffer or Uint8Array), found ${found}: read the file first, judge(await readFile(path))`,
  );
}

function lackingOf({ missing }: LoadedModels, dir: string | undefined): Lacking | null {
  if (missing.size === 0) return null;
  const networks = [...new Set([...missing.values()].flat())].sort();
  return { profiles: [...missing.keys()], networks, command: pullCommand(dir) };
}

/** Why a profile cannot be used, and what to do. */
function unusable(profile: Profile, { networks, command }: Lacking): string {
  return `the profile "${profile}" needs ${networks.join(' and ')}, which are not in place: run "${command}", or ask for "${FALLBACK_PROFILE}"`;
}

/** The profile of an engine: the one asked for, or the default, or the one that needs the fewest networks. */
async function profileOf(
  models: LoadedModels,
  asked: Profile | undefined,
  lacking: Lacking | null,
): Promise<Profile> {
  if (lacking === null || !lacking.profiles.includes(asked ?? DEFAULT_PROFILE))
    return asked ?? DEFAULT_PROFILE;
  if (asked === undefined) return FALLBACK_PROFILE;
  await models.close();
  const { networks, command } = lacking;
  throw new WeightsError({
    reason: 'not_usable',
    file: `profile "${asked}"`,
    expected: `the networks ${networks.join(' and ')}`,
    found: 'no such files',
    advice: `Run "${command}" to fetch them, or ask for the profile "${FALLBACK_PROFILE}"`,
  });
}

function curveOf({ profiles }: LoadedModels, profile: Profile): ScoreCurve & ProbabilityScaling {
  const ready = profiles.get(profile);
  if (ready === undefined) throw new RangeError(`the networks of the profile "${profile}" are not loaded`);
  const { score, probability } = ready.calibration;
  return { score, probability };
}

function usable(profile: Profile, lacking: Lacking | null): Profile {
  if (lacking === null || !lacking.profiles.includes(profile)) return profile;
  throw new Fault('profile_unavailable', 'profile_unavailable', unusable(profile, lacking));
}

/**
 * Loads the networks and gives an engine that judges pictures, in this thread.
 *
 * @example
 * const liveness = await createLiveness();
 * const { verdict, score } = await liveness.judge(await readFile('selfie.jpg'));
 *
 * @throws {WeightsError} when a built-in weight file is missing or not the right one.
 * @throws {ModelError} when a model pack cannot be used.
 * @throws {TypeError} for an unknown option.
 * @throws {RangeError} for a value that an option cannot have.
 */
export async function createLiveness(options: LivenessOptions = {}): Promise<Liveness> {
  checkNames(options, OPTIONS);
  if (options.profile !== undefined) checkProfile(options.profile);
  checkLimits(options.limits ?? {}, Object.keys(DEFAULT_LIMITS));
  const threshold = checkThreshold(options.threshold ?? DEFAULT_THRESHOLD);
  const capture = checkCapture(options.capture ?? DEFAULT_CAPTURE);
  const review = checkReview(options.review);
  const limits: PictureLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const weights = await requireWeights(options.modelsDir);
  const files = new Map(Array.from(weights.values(), ({ name, path }) => [name, path] as const));
  const models = await loadModels(files, options.packs);
  const lacking = lackingOf(models, options.modelsDir);
  const profile = await profileOf(models, options.profile, lacking);
  const base = { profile, threshold, capture };

  let closed = false;
  const run = async (bytes: Uint8Array, call: JudgeOptions): Promise<[Judgement, DecodedPicture]> => {
    if (closed) throw new Error('this engine was closed: make another with createLiveness()');
    checkBytes(bytes);
    checkNames(call, CALL_OPTIONS);
    call.signal?.throwIfAborted();
    const own = call.review === undefined ? review : checkReview(call.review);
    const settings = {
      profile: call.profile === undefined ? base.profile : usable(checkProfile(call.profile), lacking),
      threshold: call.threshold === undefined ? base.threshold : checkThreshold(call.threshold),
      capture: call.capture === undefined ? base.capture : checkCapture(call.capture),
      ...(own === undefined ? {} : { review: own }),
      ...(call.still === true ? { still: true } : {}),
    };
    const start = performance.now();
    const picture = await decodePicture(bytes, limits);
    const decode = performance.now() - start;
    call.signal?.throwIfAborted();
    const judgement = await judgePicture(models, picture, settings);
    const milliseconds = { decode, ...judgement.milliseconds, total: performance.now() - start };
    return [{ ...judgement, milliseconds }, picture];
  };

  return {
    models: models.profiles.get(profile)?.used ?? [],
    profile,
    get curve() {
      return curveOf(models, profile);
    },
    lacking,
    judge: async (bytes, call = {}) => (await run(bytes, call))[0],
    async judgeWithPicture(bytes, call = {}) {
      const [judgement, picture] = await run(bytes, call);
      return { judgement, picture: turnClockwise(picture, judgement.quarterTurns) };
    },
    async close() {
      if (closed) return;
      closed = true;
      await models.close();
    },
  };
}
