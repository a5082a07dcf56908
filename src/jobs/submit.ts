import { unitsOf } from '../batch/groups.ts';
import { groupKey } from '../batch/together.ts';
import { UsageError } from '../faults.ts';
import { entryOf } from './entries.ts';
import type { BatchStore, ChunkEntry, ChunkRow, NewBatch, Submitted } from './types.ts';

/** Pictures of one chunk: enough that chunks are few, few enough that a lost one costs little. */
export const CHUNK_PICTURES = 500;
/** The longest name of a picture, in characters. */
export const LONGEST_PICTURE = 4096;
/** Chunks that are written at once. */
const CHUNKS_AT_ONCE = 8;

/**
 * Submits a batch: workers begin once its list was read to the end, and what came before an error is let go.
 * @returns its id
 * @throws {UsageError} `no_pictures`, and what `pictures` throws
 * @throws {Fault} `state_unavailable`
 */
export async function submitBatch(
  batches: BatchStore,
  order: NewBatch,
  pictures: AsyncIterable<Submitted> | Iterable<Submitted>,
  chunkPictures = CHUNK_PICTURES,
): Promise<string> {
  const batchId = await batches.begin(order);
  try {
    const rows = await fillAll(batches, batchId, pictures, chunkPictures);
    if (rows === 0) throw new UsageError('no_pictures', 'expected at least one picture, found none');
    await batches.start(batchId);
    return batchId;
  } catch (error) {
    await batches.change(batchId, 'cancel').catch(() => {});
    throw error;
  }
}

async function fillAll(
  batches: BatchStore,
  batchId: string,
  pictures: AsyncIterable<Submitted> | Iterable<Submitted>,
  chunkPictures: number,
): Promise<number> {
  let row = 0;
  let chunk = 0;
  let gathered: ChunkEntry[] = [];
  let full: { readonly chunk: number; readonly firstRow: number; readonly pictures: ChunkEntry[] }[] = [];
  const close = () => {
    if (gathered.length === 0) return;
    full.push({ chunk: chunk++, firstRow: row - gathered.length + 1, pictures: gathered });
    gathered = [];
  };
  for await (const rows of unitRows(pictures)) {
    // The stills of a group and its own row are one worker's.
    gathered.push(...rows.map((one) => entryOf(one, ++row)));
    if (gathered.length >= chunkPictures) close();
    if (full.length < CHUNKS_AT_ONCE) continue;
    await batches.fill(batchId, full);
    full = [];
  }
  close();
  if (full.length > 0) await batches.fill(batchId, full);
  return row;
}

async function* placed(pictures: AsyncIterable<Submitted> | Iterable<Submitted>) {
  let place = 0;
  for await (const one of pictures) yield { ...one, key: `${++place}:${one.picture}` };
}

/** The rows of what is judged in one go, of one after the other. */
async function* unitRows(
  pictures: AsyncIterable<Submitted> | Iterable<Submitted>,
): AsyncGenerator<readonly Omit<ChunkRow, 'row'>[]> {
  for await (const unit of unitsOf(placed(pictures))) {
    if (unit.kind === 'one') yield [unit.item];
    else if (unit.kind === 'together') {
      const { group, items } = unit;
      yield [...items, { key: groupKey(items[0]?.key ?? ''), picture: '', group, stills: items.length }];
    } else {
      const { group, first, count } = unit;
      yield [{ key: groupKey(first.key), picture: '', group, stills: count }];
    }
  }
}
