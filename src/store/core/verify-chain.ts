import type { ChainName } from '../../ledger/checkpoint.ts';
import { type ChainedRow, type Verification, verifyChain } from '../../ledger/verify.ts';
import type { Backend } from './backend.ts';
import type { ChainFrame } from './record.ts';

/** Rows asked for at once. */
const PAGE_SIZE = 500;
/** How often a chain is gone through where rows are deleted meanwhile. */
const MOST_WALKS = 5;

/**
 * Rows that are deleted behind the back of a verification look as if they were taken out: then it begins
 * anew.
 */
export async function verifyAll(
  backend: Backend,
  chain: ChainName,
  from: number | null,
  to: number | null,
): Promise<Verification> {
  let frame = await backend.chainFrame(chain, from, to);
  for (let walk = 1; ; walk++) {
    const found = await verifyOnce(backend, chain, frame, from, to);
    if (found.fault === null || walk === MOST_WALKS) return found;
    const now = await backend.chainFrame(chain, from, to);
    if (gravesOf(now) === gravesOf(frame)) return found;
    frame = now;
  }
}

const gravesOf = ({ tombstones }: ChainFrame): string =>
  JSON.stringify(tombstones.map(({ fromId, toId }) => [fromId, toId]));

function verifyOnce(
  backend: Backend,
  chain: ChainName,
  frame: ChainFrame,
  from: number | null,
  to: number | null,
): Promise<Verification> {
  async function* rows(): AsyncGenerator<ChainedRow> {
    // What is appended meanwhile is another verification's.
    const end = to ?? frame.head?.rowId ?? null;
    for (let after = (from ?? frame.base + 1) - 1; ; ) {
      const page = await backend.chainPage(chain, after, end, PAGE_SIZE);
      yield* page;
      if (page.length < PAGE_SIZE) return;
      after = page[page.length - 1]!.id;
    }
  }
  return verifyChain({ chain, ...frame, rows: rows(), publicKeys: new Map(frame.publicKeys) });
}
