import { readFile } from 'node:fs/promises';
import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { UsageError } from '../../faults.ts';
import { type ChainName, checkpointText, isGenuine } from '../../ledger/checkpoint.ts';
import type { Chains } from '../../ledger/types.ts';

const headsSchema = Type.Object({
  heads: Type.Array(
    Type.Object({
      chain: Type.Unsafe<ChainName>({
        type: 'string',
        pattern: '^(?:ledger(?::[A-Za-z0-9._-]{1,64})?|admin)$',
      }),
      rowId: Type.Integer({ minimum: 1 }),
      hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      at: Type.String(),
      keyId: Type.String(),
      signature: Type.String(),
      publicKey: Type.String(),
    }),
    { maxItems: 1000 },
  ),
});

/** One state of a chain as `ledger head` prints it. */
export interface KeptHead {
  readonly chain: ChainName;
  readonly rowId: number;
  readonly hash: string;
}

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
  if (!Check(headsSchema, content)) {
    throw new UsageError(
      'head_malformed',
      `${path}: expected what "livestill ledger head" printed, found something else`,
    );
  }
  for (const { publicKey, at, ...head } of content.heads) {
    const checkpoint = { ...head, at: new Date(at) };
    if (Number.isNaN(checkpoint.at.getTime()) || !isGenuine(checkpointText(checkpoint), head, publicKey)) {
      throw new UsageError('head_malformed', `${path}: the signature of the ${head.chain} state is wrong`);
    }
  }
  return content.heads;
}

/** Which kept states the chains no longer pass through, in words. */
export async function checkHead(
  kept: readonly KeptHead[],
  chains: Pick<Chains, 'hashAt'>,
): Promise<readonly string[]> {
  const strayed: string[] = [];
  for (const { chain, rowId, hash } of kept) {
    const now = await chains.hashAt(chain, rowId);
    // A row inside of a deleted range cannot be compared any more; the range itself is signed.
    if (now === 'deleted' || now === hash) continue;
    const found =
      now === null ? 'there is no such row, nor a record of its deletion' : 'it has another hash now';
    strayed.push(`Row ${rowId} of the ${chain} chain is not what it was when the state was kept: ${found}.`);
  }
  return strayed;
}
