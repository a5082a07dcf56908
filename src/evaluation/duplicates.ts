import type { JudgedPicture } from './pictures/judge-all.ts';

/** Two pictures that look the same though the index keeps them apart. */
export interface NearDuplicate {
  readonly a: string;
  readonly b: string;
  /** Bits that differ, of 128; 0 with `identical` when the files are the same. */
  readonly distance: number;
  readonly identical: boolean;
  /** What the index says differs. */
  readonly across: readonly ('fold' | 'subject' | 'label')[];
}

/**
 * Bits of 128 up to which two pictures count as near-duplicates; two different portraits differ in 30 to 60.
 */
export const NEAR = 8;

const words = (hash: string) => [0, 8, 16, 24].map((at) => Number.parseInt(hash.slice(at, at + 8), 16) >>> 0);

function bits(n: number): number {
  let v = n - ((n >>> 1) & 0x55555555);
  v = (v & 0x33333333) + ((v >>> 2) & 0x33333333);
  return (((v + (v >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}

/** Bits in which two difference hashes (32 hexadecimal letters) differ. */
export function hashDistance(a: string, b: string): number {
  const wa = words(a);
  const wb = words(b);
  return wa.reduce((sum, w, i) => sum + bits(w ^ wb[i]), 0);
}

/**
 * Bands a hash is cut into: one more than the bits that may differ, so that near pairs agree on at least one
 * band.
 */
const BANDS = NEAR + 1;

/** Pairs of hashes that agree on a band; all near pairs are among them. */
function* candidates(hashes: readonly string[]): Generator<readonly [number, number]> {
  const bitsOf = hashes.map((hash) =>
    words(hash)
      .map((w) => w.toString(2).padStart(32, '0'))
      .join(''),
  );
  const seen = new Set<number>();
  for (let band = 0; band < BANDS; band++) {
    const from = Math.floor((band * 128) / BANDS);
    const to = Math.floor(((band + 1) * 128) / BANDS);
    const buckets = new Map<string, number[]>();
    for (let b = 0; b < bitsOf.length; b++) {
      const key = bitsOf[b].slice(from, to);
      const bucket = buckets.get(key);
      if (bucket === undefined) {
        buckets.set(key, [b]);
        continue;
      }
      for (const a of bucket) {
        const pair = a * hashes.length + b;
        if (seen.has(pair)) continue;
        seen.add(pair);
        yield [a, b];
      }
      bucket.push(b);
    }
  }
}

/**
 * Pairs that lie across folds, across subjects, or across labels with other subjects (an attack made from a
 * bona fide picture of the same subject is as it should be). Nearest first.
 */
export function nearDuplicates(
  judged: readonly JudgedPicture[],
  folds: readonly string[] | null,
): NearDuplicate[] {
  const known = judged.flatMap((j, i) =>
    j.facts === null ? [] : [{ j, fold: folds?.[i] ?? j.picture.fold }],
  );
  const found: NearDuplicate[] = [];
  for (const [a, b] of candidates(known.map(({ j }) => j.facts!.hash))) {
    const distance = hashDistance(known[a].j.facts!.hash, known[b].j.facts!.hash);
    if (distance > NEAR) continue;
    const [pa, pb] = [known[a].j.picture, known[b].j.picture];
    const otherSubject = pa.subject !== pb.subject || pa.subject === null;
    const across: ('fold' | 'subject' | 'label')[] = [];
    if (known[a].fold !== known[b].fold) across.push('fold');
    if (pa.subject !== null && pb.subject !== null && pa.subject !== pb.subject) across.push('subject');
    if (pa.label !== pb.label && otherSubject) across.push('label');
    const identical = known[a].j.sha256 === known[b].j.sha256;
    if (identical && pa.label !== pb.label && !across.includes('label')) across.push('label');
    if (across.length > 0) found.push({ a: pa.id, b: pb.id, distance, identical, across });
  }
  return found.sort((x, y) => x.distance - y.distance);
}
