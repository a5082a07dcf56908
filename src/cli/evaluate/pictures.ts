import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { SingleBar } from 'cli-progress';
import { createLiveness, type Liveness } from '../../engine.ts';
import {
  type Answer,
  type PictureJudge,
  presentationOf,
  systemKey,
} from '../../evaluation/pictures/answer.ts';
import { type Cache, fileCache, memoryCache } from '../../evaluation/pictures/cache.ts';
import type { PictureFacts } from '../../evaluation/pictures/facts.ts';
import { type JudgedPicture, judgeAll } from '../../evaluation/pictures/judge-all.ts';
import { type Robustness, tryRobustness } from '../../evaluation/robustness/robustness.ts';
import type { IndexedPicture, Presentation } from '../../evaluation/types.ts';
import { DEFAULT_CAPTURE } from '../../liveness/quality/capture.ts';
import type { CapturePreset, ModelUsed, Profile } from '../../liveness/types.ts';
import { lackingLine } from '../shared/engine-options.ts';
import { say } from '../shared/printable.ts';
import type { EvaluateFlags } from './options.ts';

/** Version of the program, from its manifest. */
export const version = (
  JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string;
  }
).version;

/** Pictures in work: while one is judged, the next are read and decoded. */
const AT_A_TIME = 4;

/** Judges pictures for an evaluation and remembers the answers. */
export interface PictureSystem {
  readonly models: readonly ModelUsed[];
  readonly profile: Profile;
  readonly capture: CapturePreset;
  judge(pictures: readonly IndexedPicture[]): Promise<JudgedPicture[]>;
  rows(judged: readonly JudgedPicture[]): Presentation[];
  robustness(judged: readonly JudgedPicture[], threshold: number, limit: number): Promise<Robustness>;
  close(): Promise<void>;
}

function cacheFolder(flags: EvaluateFlags): string | null {
  if (flags.cache === false) return null;
  if (typeof flags.cache === 'string') return flags.cache;
  return join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'livestill');
}

function progress(name: string, total: number): { step(): void; end(): void } {
  if (process.stderr.isTTY !== true || total < 10) return { step() {}, end() {} };
  const bar = new SingleBar({
    format: ` ${name} {bar} {value}/{total}  {eta_formatted} left`,
    barsize: 30,
    clearOnComplete: true,
    hideCursor: true,
    stream: process.stderr,
  });
  bar.start(total, 0);
  return { step: () => bar.increment(), end: () => bar.stop() };
}

/** An engine with its caches: `answers-2-<system>.ndjson` (2: rows have raw scores) by models, profile, capture preset and version, `facts.ndjson` for all. */
export async function openPictureSystem(flags: EvaluateFlags): Promise<PictureSystem> {
  const engine: Liveness = await createLiveness({
    ...(flags.profile === undefined ? {} : { profile: flags.profile }),
    ...(flags.capture === undefined ? {} : { capture: flags.capture }),
    packs: flags.pack,
    ...(flags.models === undefined ? {} : { modelsDir: flags.models }),
  });
  const { profile } = engine;
  const { capture = DEFAULT_CAPTURE } = flags;
  if (engine.lacking !== null && flags.profile === undefined) {
    say(`livestill: ${lackingLine(profile, engine.lacking)}\n`);
  }
  const judge: PictureJudge = {
    models: engine.models,
    profile,
    judge: (bytes) => engine.judge(bytes),
  };
  const folder = cacheFolder(flags);
  const open = <V>(name: string): Promise<Cache<V>> | Cache<V> =>
    folder === null ? memoryCache<V>() : fileCache<V>(join(folder, name));
  const answers = await open<Answer>(
    `answers-2-${systemKey(engine.models, profile, version, capture)}.ndjson`,
  );
  const facts = await open<PictureFacts | null>('facts-1.ndjson');
  const getJudge = () => Promise.resolve(judge);
  return {
    models: engine.models,
    profile,
    capture,
    async judge(pictures) {
      const bar = progress('judging', pictures.length);
      try {
        return await judgeAll(pictures, {
          judge: getJudge,
          answers,
          facts,
          onDone: bar.step,
          concurrency: AT_A_TIME,
        });
      } finally {
        bar.end();
      }
    },
    rows: (judged) => judged.map((j) => presentationOf(j.picture, j.answer, flags.ignoreQuality === true)),
    async robustness(judged, threshold, limit) {
      const bar = progress('robustness', Math.min(limit, judged.length));
      try {
        return await tryRobustness(judged, {
          judge: getJudge,
          answers,
          threshold,
          limit,
          seed: flags.seed,
          onDone: bar.step,
          concurrency: AT_A_TIME,
        });
      } finally {
        bar.end();
      }
    },
    async close() {
      await answers.close();
      await facts.close();
      await engine.close();
    },
  };
}
