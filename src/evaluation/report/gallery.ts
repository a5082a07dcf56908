import { Fault, UsageError } from '../../faults.ts';
import { thumbnailOf } from '../../picture/thumbnail.ts';
import { type JudgedPicture, readPicture } from '../pictures/judge-all.ts';
import type { Presentation } from '../types.ts';

/** A small picture for the report. */
export interface GalleryPicture {
  readonly id: string;
  readonly caption: string;
  /** JPEG as a data URI; null when the file cannot be decoded. */
  readonly source: string | null;
}

/** Pictures under one heading. */
export interface GallerySection {
  readonly title: string;
  readonly pictures: readonly GalleryPicture[];
}

const SIDE = 200;
const QUALITY = 75;
const MOST = 12;

async function thumbnail(judged: JudgedPicture): Promise<string | null> {
  try {
    return await thumbnailOf(await readPicture(judged.picture), SIDE, QUALITY);
  } catch (error) {
    // It may be gone since it was judged.
    if (error instanceof Fault || error instanceof UsageError) return null;
    throw error;
  }
}

/**
 * The worst errors as small pictures: attacks accepted with the highest scores, bona fide rejected with the
 * lowest, bona fide without a response, and others that are named.
 *
 * @param named further sections by the ids of their pictures.
 */
export async function makeGallery(
  rows: readonly Presentation[],
  judged: readonly JudgedPicture[],
  accepted: (row: number) => boolean | null,
  named: readonly { readonly title: string; readonly ids: readonly string[] }[],
): Promise<GallerySection[]> {
  const known = new Map(judged.map((j) => [j.picture.id, j]));
  const numbered = rows.map((row, i) => ({ row, accepted: accepted(i) }));
  const byScore = (sign: number) => (a: (typeof numbered)[number], b: (typeof numbered)[number]) =>
    sign * (a.row.score! - b.row.score!);
  const ids = (chosen: typeof numbered) => chosen.map(({ row }) => row.id);
  const sections = [
    {
      title: 'Attacks accepted, highest scores first',
      ids: ids(numbered.filter((n) => n.row.label === 'attack' && n.accepted === true).sort(byScore(-1))),
    },
    {
      title: 'Bona fide rejected, lowest scores first',
      ids: ids(numbered.filter((n) => n.row.label === 'bona-fide' && n.accepted === false).sort(byScore(1))),
    },
    {
      title: 'Bona fide without a response',
      ids: ids(numbered.filter((n) => n.row.label === 'bona-fide' && n.accepted === null)),
    },
    ...named,
  ];
  const captions = new Map(
    rows.map((row) => [
      row.id,
      [
        row.label === 'attack' ? row.species : 'bona fide',
        row.score === null ? row.nonResponse : `score ${Number(row.score.toPrecision(4))}`,
      ].join(', '),
    ]),
  );
  const made: GallerySection[] = [];
  for (const section of sections) {
    const pictures: GalleryPicture[] = [];
    for (const id of section.ids.slice(0, MOST)) {
      const found = known.get(id);
      if (found === undefined) continue;
      pictures.push({ id, caption: captions.get(id) ?? '', source: await thumbnail(found) });
    }
    if (pictures.length > 0) {
      const more = section.ids.length > MOST ? ` (${MOST} of ${section.ids.length})` : '';
      made.push({ title: section.title + more, pictures });
    }
  }
  return made;
}
