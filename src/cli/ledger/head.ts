import { readFile } from 'node:fs/promises';
import { UsageError } from '../../faults.ts';
import { type KeptHead, keptHeads, type StrayedHead } from '../../ledger/kept-heads.ts';

/**
 * The states in a file that `ledger head` wrote.
 * @throws {UsageError} when the file cannot be read, is none of those, or a signature in it is wrong
 */
export async function readHead(path: string): Promise<readonly KeptHead[]> {
  const text = await readFile(path, 'utf8').catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError('head_unreadable', `${path} cannot be read (${cause.code})`);
  });
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch {
    content = null;
  }
  return keptHeads(content, path);
}

/** A kept state that its chain no longer passes through, in words. */
export function strayedText({ chain, rowId, found }: StrayedHead): string {
  const how =
    found === 'missing' ? 'there is no such row, nor a record of its deletion' : 'it has another hash now';
  return `Row ${rowId} of the ${chain} chain is not what it was when the state was kept: ${how}.`;
}
