import { UsageError } from '../faults.ts';
import type { BatchOrder, BatchStore } from './types.ts';

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
  order: BatchOrder,
  pictures: AsyncIterable<string> | Iterable<string>,
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
  pictures: AsyncIterable<string> | Iterable<string>,
  chunkPictures: number,
): Promise<number> {
  let row = 0;
  let chunk = 0;
  let gathered: string[] = [];
  let full: { readonly chunk: number; readonly firstRow: number; readonly pictures: string[] }[] = [];
  const close = () => {
    if (gathered.length === 0) return;
    full.push({ chunk: chunk++, firstRow: row - gathered.length + 1, pictures: gathered });
    gathered = [];
  };
  for await (const picture of pictures) {
    row++;
    gathered.push(picture);
    if (gathered.length >= chunkPictures) close();
    if (full.length < CHUNKS_AT_ONCE) continue;
    await batches.fill(batchId, full);
    full = [];
  }
  close();
  if (full.length > 0) await batches.fill(batchId, full);
  return row;
}
