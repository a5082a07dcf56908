import { join } from 'node:path';
import { createLiveness, type Lacking, type Liveness } from '../../engine.ts';
import { DEFAULT_CAPTURE } from '../../liveness/quality/capture.ts';
import type { CapturePreset, ModelUsed, Profile } from '../../liveness/types.ts';
import { type AttemptField, type Attempts, attemptsOf } from '../attempts.ts';
import { type Robustness, tryRobustness } from '../robustness/robustness.ts';
import type { IndexedPicture, Presentation } from '../types.ts';
import { type Answer, type PictureJudge, presentationOf, systemKey } from './answer.ts';
import { type Cache, fileCache, memoryCache } from './cache.ts';
import type { PictureFacts } from './facts.ts';
import { type JudgedPicture, judgeAll } from './judge-all.ts';

/** Pictures in work: while one is judged, the next are read and decoded. */
const AT_A_TIME = 4;

/** Judges pictures for an evaluation and remembers the answers. */
export interface PictureSystem {
  readonly models: readonly ModelUsed[];
  readonly profile: Profile;
  readonly capture: CapturePreset;
  judge(pictures: readonly IndexedPicture[]): Promise<JudgedPicture[]>;
  rows(judged: readonly JudgedPicture[]): Presentation[];
  /** One presentation for each group of stills; see {@link attemptsOf}. */
  attempts(judged: readonly JudgedPicture[], by: AttemptField): Attempts;
  robustness(judged: readonly JudgedPicture[], threshold: number, limit: number): Promise<Robustness>;
  close(): Promise<void>;
}

/** How pictures are judged for an evaluation. */
export interface PictureSystemOptions {
  readonly profile: Profile | undefined;
  readonly capture: CapturePreset | undefined;
  readonly packs: readonly string[];
  readonly modelsDir: string | undefined;
  /** Where answers are kept; null: nowhere. */
  readonly cacheFolder: string | null;
  /** Take the raw scores of pictures judged too poor. */
  readonly ignoreQuality: boolean;
  readonly seed: number;
  readonly version: string;
  /** Shows how far a step is. */
  readonly progress: (step: string, total: number) => { step(): void; end(): void };
  /** Called when networks are missing and no profile was named. */
  readonly onLacking: (profile: Profile, lacking: Lacking) => void;
}

/**
 * An engine with its caches: `answers-2-<system>.ndjson` (2: rows have raw scores) by models, profile,
 * capture preset and version, `facts.ndjson` for all.
 */
export async function openPictureSystem(options: PictureSystemOptions): Promise<PictureSystem> {
  const engine: Liveness = await createLiveness({
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ...(options.capture === undefined ? {} : { capture: options.capture }),
    packs: options.packs,
    ...(options.modelsDir === undefined ? {} : { modelsDir: options.modelsDir }),
  });
  const { profile } = engine;
  const { capture = DEFAULT_CAPTURE } = options;
  if (engine.lacking !== null && options.profile === undefined) options.onLacking(profile, engine.lacking);
  const judge: PictureJudge = {
    models: engine.models,
    profile,
    judge: (bytes) => engine.judge(bytes),
  };
  const folder = options.cacheFolder;
  const open = <V>(name: string): Promise<Cache<V>> | Cache<V> =>
    folder === null ? memoryCache<V>() : fileCache<V>(join(folder, name));
  const answers = await open<Answer>(
    `answers-2-${systemKey(engine.models, profile, options.version, capture)}.ndjson`,
  );
  const facts = await open<PictureFacts | null>('facts-1.ndjson');
  const withProgress = async <T>(
    step: string,
    total: number,
    work: (onDone: () => void) => Promise<T>,
  ): Promise<T> => {
    const bar = options.progress(step, total);
    try {
      return await work(bar.step);
    } finally {
      bar.end();
    }
  };
  const getJudge = () => Promise.resolve(judge);
  return {
    models: engine.models,
    profile,
    capture,
    judge: (pictures) =>
      withProgress('judging', pictures.length, (onDone) =>
        judgeAll(pictures, { judge: getJudge, answers, facts, onDone, concurrency: AT_A_TIME }),
      ),
    rows: (judged) => judged.map((j) => presentationOf(j.picture, j.answer, options.ignoreQuality)),
    attempts: (judged, by) =>
      attemptsOf(judged, { by, curve: engine.curve, ignoreQuality: options.ignoreQuality }),
    robustness: (judged, threshold, limit) =>
      withProgress('robustness', Math.min(limit, judged.length), (onDone) =>
        tryRobustness(judged, {
          judge: getJudge,
          answers,
          threshold,
          limit,
          seed: options.seed,
          onDone,
          concurrency: AT_A_TIME,
        }),
      ),
    async close() {
      await answers.close();
      await facts.close();
      await engine.close();
    },
  };
}
