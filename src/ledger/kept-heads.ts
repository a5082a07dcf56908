import { Type } from 'typebox';
import { Check } from 'typebox/value';
import { UsageError } from '../faults.ts';
import { type ChainName, checkpointText, isGenuine } from './checkpoint.ts';
import type { Chains } from './types.ts';

const headsSchema = Type.Object({
  heads: Type.Array(
    Type.Object({
      chain: Type.Unsafe<ChainName>({
        type: 'string',
        pattern: '^(?:ledger(?::[A-Za-z0-9._-]{1,64})?|admin)$',
      }),
      rowId: Type.Integer({ minimum: 1 }),
      hash: Type.String({ pattern: '^[0-9a-f]{64}$' }),
      at: Type.String({ maxLength: 64 }),
      keyId: Type.String({ maxLength: 200 }),
      signature: Type.String({ maxLength: 1000 }),
      publicKey: Type.String({ maxLength: 2000 }),
    }),
    { maxItems: 1000 },
  ),
});

/** One state of a chain as `signedHeads` gave it. */
export interface KeptHead {
  readonly chain: ChainName;
  readonly rowId: number;
  readonly hash: string;
}

/** The signed state of a chain, with the key that it is checked by. */
export type SignedHead = NonNullable<Awaited<ReturnType<Chains['head']>>>;

/** Signs the state of every chain now, to be kept where whoever can write the store cannot. */
export async function signedHeads(chains: Pick<Chains, 'names' | 'head'>): Promise<readonly SignedHead[]> {
  const heads = await Promise.all((await chains.names()).map((name) => chains.head(name)));
  return heads.filter((one) => one !== null);
}

/**
 * The states that were kept earlier.
 * @param content what `signedHeads` gave, as the member `heads` of an object, read from JSON
 * @param name how a message names it
 * @throws {UsageError} `head_malformed` when it is something else, or a signature in it is wrong
 */
export function keptHeads(content: unknown, name: string): readonly KeptHead[] {
  if (!Check(headsSchema, content)) {
    throw new UsageError(
      'head_malformed',
      `${name}: expected what "livestill ledger head" printed, found something else`,
    );
  }
  for (const { publicKey, at, ...head } of content.heads) {
    const checkpoint = { ...head, at: new Date(at) };
    if (Number.isNaN(checkpoint.at.getTime()) || !isGenuine(checkpointText(checkpoint), head, publicKey)) {
      throw new UsageError('head_malformed', `${name}: the signature of the ${head.chain} state is wrong`);
    }
  }
  return content.heads;
}

/** A kept state that its chain no longer passes through. */
export interface StrayedHead {
  readonly chain: ChainName;
  readonly rowId: number;
  /** `changed`: the row has another hash now; `missing`: neither the row nor a record of its deletion. */
  readonly found: 'changed' | 'missing';
}

/** Which kept states the chains no longer pass through. */
export async function strayedHeads(
  kept: readonly KeptHead[],
  chains: Pick<Chains, 'hashAt'>,
): Promise<readonly StrayedHead[]> {
  const strayed: StrayedHead[] = [];
  for (const { chain, rowId, hash } of kept) {
    const now = await chains.hashAt(chain, rowId);
    // A row inside of a deleted range cannot be compared any more; the range itself is signed.
    if (now === 'deleted' || now === hash) continue;
    strayed.push({ chain, rowId, found: now === null ? 'missing' : 'changed' });
  }
  return strayed;
}
