import { createHash } from 'node:crypto';
import type { BatchRow } from './types.ts';

/** So many results are kept for pictures that come again, the latest used; all of them take about 14 MB. */
export const KEPT_RESULTS = 10_000;

/** SHA-256 of a picture's bytes, 64 hexadecimal digits. */
export const sha256Of = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/**
 * Refusals that follow from the bytes alone. Not among them: `too_slow`, which a busy machine causes, and
 * `corrupt`, the decoder's word for whatever it could not do, a lack of memory too.
 */
const OF_THE_BYTES: ReadonlySet<string> = new Set([
  'not_an_image',
  'unsupported',
  'truncated',
  'empty',
  'animated',
  'too_many_pixels',
  'too_many_scans',
  'too_large',
]);

/**
 * Whether a row says what every picture of the same bytes would get: a judgement, no face, a file that no
 * time and no machine can read.
 */
export function holdsForEqualBytes({ code, failure }: BatchRow): boolean {
  return code === 0 || code === -4015 || (code === -4016 && OF_THE_BYTES.has(failure ?? ''));
}

/** Remembers the latest results of one run by the bytes they were made from. */
export interface ResultMemory {
  /**
   * The row that an earlier picture of the same bytes got; where there is none, calls `make`, which judges
   * this one and writes its row, and gives null. A picture that comes while an equal one is in work waits for
   * that one's row to be written, so that a row in the output never refers to one that is not there. Where an
   * equal one's row holds for itself alone (a lost worker), this one is judged as well.
   *
   * @throws {unknown} what `make` throws
   */
  rowOrMake(sha256: string, make: () => Promise<BatchRow>): Promise<BatchRow | null>;
}

/** A memory of at most `most` results; the ones that were not used for longest go first. */
export function createResultMemory(most = KEPT_RESULTS): ResultMemory {
  // As text: nothing else of the run is held on to by it, such as the buffer that a path was cut from.
  const kept = new Map<string, string>();
  const inWork = new Map<string, Promise<void>>();

  const use = (sha256: string): BatchRow | null => {
    const text = kept.get(sha256);
    if (text === undefined) return null;
    kept.delete(sha256);
    kept.set(sha256, text);
    return JSON.parse(text) as BatchRow;
  };
  const keep = (sha256: string, row: BatchRow) => {
    // A picture may have been changed and read once more meanwhile.
    if (row.sha256 !== sha256 || !holdsForEqualBytes(row)) return;
    kept.set(sha256, JSON.stringify(row));
    if (kept.size > most) kept.delete(kept.keys().next().value!);
  };

  return {
    async rowOrMake(sha256, make) {
      for (;;) {
        const row = use(sha256);
        if (row !== null) return row;
        const other = inWork.get(sha256);
        if (other === undefined) break;
        await other;
      }
      const made = make();
      const done = made
        .then(
          (row) => keep(sha256, row),
          () => {},
        )
        .finally(() => inWork.delete(sha256));
      inWork.set(sha256, done);
      await made;
      await done;
      return null;
    },
  };
}
