import { DEFAULT_THRESHOLD, judgePicture } from './liveness/judge.ts';
import { loadModels } from './liveness/load.ts';
import { turnClockwise } from './liveness/resample.ts';
import type { Judgement, ModelUsed, Profile, RgbPicture } from './liveness/types.ts';
import { DEFAULT_LIMITS, type DecodedPicture, decodePicture, type PictureLimits } from './picture/decode.ts';
import { requireWeights } from './weights/index.ts';

/** How an engine is made. */
export interface LivenessOptions {
  /** Folder of the built-in weight files; livestill's own `models/` where nothing is given. */
  readonly modelsDir?: string;
  /** Folders of models of your own, each with `card.json` and an ONNX file. */
  readonly packs?: readonly string[];
  /** `careful` (default) or `fast`. */
  readonly profile?: Profile;
  /** Score above which a picture is taken for live; 87 where nothing is given. */
  readonly threshold?: number;
  readonly limits?: Partial<PictureLimits>;
}

/** What one call may decide for itself. */
export interface JudgeOptions {
  readonly threshold?: number;
  readonly profile?: Profile;
  readonly signal?: AbortSignal;
}

/** A judgement together with the upright pixels it was made of. */
export interface JudgedPicture {
  readonly judgement: Judgement;
  /** The upright picture: EXIF orientation and quarter turns applied. */
  readonly picture: RgbPicture;
}

/** A loaded engine. Calls may overlap; each takes the calling thread for most of its time. */
export interface Liveness {
  /** The models that take part, with the hashes of their files. */
  readonly models: readonly ModelUsed[];
  /**
   * Judges the bytes of one JPEG, PNG, WebP, BMP, HEIC or AVIF file.
   *
   * @throws {Fault} code -4016 when the bytes are no usable picture (`reason` says why).
   * @throws {TypeError} when it is given something else than bytes, a path for one.
   * @throws {Error} when the engine was closed.
   */
  judge(bytes: Uint8Array, options?: JudgeOptions): Promise<Judgement>;
  /** As {@link judge}, and gives the upright pixels too, for drawing on them. */
  judgeWithPicture(bytes: Uint8Array, options?: JudgeOptions): Promise<JudgedPicture>;
  /** Lets go of the networks; the engine cannot be used afterwards. A second call does nothing. */
  close(): Promise<void>;
}

function checkThreshold(threshold: number): number {
  if (!(threshold >= 0 && threshold <= 100)) {
    throw new RangeError(`threshold must be a number from 0 to 100, found ${threshold}`);
  }
  return threshold;
}

function checkBytes(bytes: unknown): void {
  if (bytes instanceof Uint8Array) return;
  const found = typeof bytes === 'string' ? `the text ${JSON.stringify(bytes.slice(0, 80))}` : typeof bytes;
  throw new TypeError(
    `judge() takes the bytes of a picture (Buffer or Uint8Array), found ${found}: read the file first, judge(await readFile(path))`,
  );
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
 */
export async function createLiveness(options: LivenessOptions = {}): Promise<Liveness> {
  const base = {
    profile: options.profile ?? 'careful',
    threshold: checkThreshold(options.threshold ?? DEFAULT_THRESHOLD),
  };
  const limits: PictureLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const weights = await requireWeights(options.modelsDir);
  const path = (name: string) => weights.get(name)!.path;
  const models = await loadModels(
    { blaze: path('blazeface-back-256'), rfb: path('rfb-320'), classifier: path('minifasnet-v2-se-128') },
    options.packs,
  );

  let closed = false;
  const run = async (bytes: Uint8Array, call: JudgeOptions): Promise<[Judgement, DecodedPicture]> => {
    if (closed) throw new Error('this engine was closed: make another with createLiveness()');
    checkBytes(bytes);
    call.signal?.throwIfAborted();
    const settings = {
      profile: call.profile ?? base.profile,
      threshold: call.threshold === undefined ? base.threshold : checkThreshold(call.threshold),
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
    models: models.used,
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
