import { Fault, UsageError } from '../../faults.ts';
import { pathText } from '../../files/name.ts';
import { readPictureFileSync } from '../../picture/file.ts';
import type { IndexedPicture } from '../types.ts';
import { type Answer, ask, type PictureJudge, refusedBy } from './answer.ts';
import { type Cache, pictureHash } from './cache.ts';
import { type PictureFacts, pictureFacts } from './facts.ts';

/** A picture with all that was found out about it. */
export interface JudgedPicture {
  readonly picture: IndexedPicture;
  /** SHA-256 of the file; empty where it could not be read. */
  readonly sha256: string;
  readonly answer: Answer;
  /** Null when the file cannot be decoded. */
  readonly facts: PictureFacts | null;
}

/** Where answers and facts come from and are kept. */
export interface JudgeAllOptions {
  /** Started when the first answer is not in the cache; never when all are. */
  readonly judge: () => Promise<PictureJudge>;
  readonly answers: Cache<Answer>;
  readonly facts: Cache<PictureFacts | null>;
  /** Called after each picture. */
  readonly onDone?: () => void;
  /** Pictures in work at a time; 1 for an engine in this thread. */
  readonly concurrency?: number;
}

/**
 * Reads a picture.
 * @throws {UsageError} reason `unreadable` for one that the index names
 * @throws {Fault} `picture_unreadable` `too_large`; `download_refused` `unreadable` for one that was found in
 * a tree
 */
export async function readPicture(picture: IndexedPicture): Promise<Uint8Array> {
  try {
    // Local files by the ten thousand: reading them in one go takes a fraction of four asynchronous steps for
    // each.
    return readPictureFileSync(picture.path);
  } catch (error) {
    if (!(error instanceof Fault) || error.reason !== 'unreadable' || picture.inTree === true) throw error;
    throw new UsageError(
      'unreadable',
      `${pathText(picture.path)}: expected a picture that the index names, it ${error.message}. Correct the index.`,
      { cause: error },
    );
  }
}

async function factsOrNull(bytes: Uint8Array): Promise<PictureFacts | null> {
  try {
    return await pictureFacts(bytes);
  } catch (error) {
    if (error instanceof Fault) return null;
    throw error;
  }
}

/** Does `work` for each item, some at a time, results in order. The first failure ends it. */
export async function mapConcurrently<T, R>(
  items: readonly T[],
  concurrency: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const lane = async () => {
    while (next < items.length) {
      const i = next++;
      results[i] = await work(items[i], i);
    }
  };
  try {
    await Promise.all(Array.from({ length: Math.max(1, Math.min(concurrency, items.length)) }, lane));
  } catch (error) {
    next = items.length;
    throw error;
  }
  return results;
}

/** Judges pictures, those known by their hash from the cache. */
export function judgeAll(
  pictures: readonly IndexedPicture[],
  options: JudgeAllOptions,
): Promise<JudgedPicture[]> {
  return mapConcurrently(pictures, options.concurrency ?? 1, async (picture) => {
    let bytes: Uint8Array;
    try {
      bytes = await readPicture(picture);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      options.onDone?.();
      return { picture, sha256: '', answer: refusedBy(error), facts: null };
    }
    const sha256 = pictureHash(bytes);
    let facts = options.facts.get(sha256);
    if (facts === undefined) {
      facts = await factsOrNull(bytes);
      await options.facts.put(sha256, facts);
    }
    let answer = options.answers.get(sha256);
    if (answer === undefined) {
      answer = await ask(await options.judge(), bytes);
      await options.answers.put(sha256, answer);
    }
    options.onDone?.();
    return { picture, sha256, answer, facts };
  });
}
