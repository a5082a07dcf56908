import { CHAIN_START, linkHash } from './chain.ts';
import {
  type ChainName,
  type Checkpoint,
  checkpointText,
  isGenuine,
  type Signed,
  type Tombstone,
  tombstoneText,
} from './checkpoint.ts';

/** What a row contributes to its chain; read in the order of `id`. */
export interface ChainedRow {
  readonly id: number;
  /** Digest of the content as it lies there now, computed anew. */
  readonly digest: string;
  /** The hash as stored; null in rows that were written by a version without a chain. */
  readonly hash: string | null;
}

/** The first thing that is wrong with a chain. */
export interface ChainFault {
  readonly kind: 'changed' | 'missing' | 'tombstone' | 'checkpoint' | 'cut_off';
  readonly rowId: number;
  readonly text: string;
}

/** What a verification found. */
export interface Verification {
  readonly chain: ChainName;
  /** Rows whose hash was computed anew and is right. */
  readonly verified: number;
  /** Rows of versions without a chain, which nothing protects. */
  readonly unchained: number;
  readonly pruned: number;
  readonly erased: number;
  /** Rows that were lost before a data folder was opened, as after a restore. */
  readonly lost: number;
  /** Checkpoints whose signature and hash are right. */
  readonly checkpoints: number;
  /**
   * Ids of the keys that signed them, in the order of the rows. More than one: after a restore, a change of
   * the key, or a forgery.
   */
  readonly keys: readonly string[];
  /** Newest row and its hash, where nothing is wrong. */
  readonly head: { readonly rowId: number; readonly hash: string } | null;
  readonly fault: ChainFault | null;
}

/** A chain to verify; rows and tombstones in the order of their ids. */
export interface ChainParts {
  readonly chain: ChainName;
  /** The row before the first one, where only a part is verified; null: from the start. */
  readonly start: { readonly rowId: number; readonly hash: string } | null;
  readonly rows: AsyncIterable<ChainedRow>;
  readonly tombstones: readonly Tombstone[];
  readonly checkpoints: readonly Checkpoint[];
  /** Key id → public key (PEM). A checkpoint by another key is a fault. */
  readonly publicKeys: ReadonlyMap<string, string>;
  /** Newest row the store says it has written; null where it keeps no such record. */
  readonly head: { readonly rowId: number; readonly hash: string } | null;
}

class Found extends Error {
  readonly fault: ChainFault;
  constructor(kind: ChainFault['kind'], rowId: number, text: string) {
    super(text);
    this.fault = { kind, rowId, text };
  }
}

interface Walk {
  hash: string;
  lastId: number;
  begun: boolean;
  verified: number;
  unchained: number;
  pruned: number;
  erased: number;
  lost: number;
  /** The newest row or deleted range with a hash. */
  chainedId: number;
  readonly graves: Tombstone[];
  readonly checkpoints: Map<number, Checkpoint[]>;
  signed: number;
  readonly keys: Set<string>;
}

/**
 * Goes through a chain from its start: every hash computed anew, tombstones in place of deleted rows, each
 * checkpoint at its row. Stops at the first fault and names its row. Memory does not grow with the rows.
 */
export async function verifyChain(parts: ChainParts): Promise<Verification> {
  const walk: Walk = {
    hash: parts.start?.hash ?? CHAIN_START,
    lastId: parts.start?.rowId ?? 0,
    begun: parts.start !== null,
    verified: 0,
    unchained: 0,
    pruned: 0,
    erased: 0,
    lost: 0,
    chainedId: parts.start?.rowId ?? 0,
    graves: [...parts.tombstones],
    checkpoints: grouped(parts.checkpoints),
    signed: 0,
    keys: new Set(),
  };
  let fault: ChainFault | null = null;
  try {
    for await (const row of parts.rows) {
      passGraves(walk, row.id, parts);
      passRow(walk, row, parts);
    }
    passGraves(walk, Number.POSITIVE_INFINITY, parts);
    checkEnd(walk, parts);
  } catch (error) {
    if (!(error instanceof Found)) throw error;
    fault = error.fault;
  }
  const { verified, unchained, pruned, erased, lost, signed } = walk;
  const head = fault === null && walk.begun ? { rowId: walk.chainedId, hash: walk.hash } : null;
  const counts = { verified, unchained, pruned, erased, lost, checkpoints: signed };
  return { chain: parts.chain, ...counts, keys: [...walk.keys], head, fault };
}

function grouped(checkpoints: readonly Checkpoint[]): Map<number, Checkpoint[]> {
  const map = new Map<number, Checkpoint[]>();
  for (const one of checkpoints) map.set(one.rowId, [...(map.get(one.rowId) ?? []), one]);
  return map;
}

function passRow(walk: Walk, row: ChainedRow, parts: ChainParts): void {
  if (row.hash === null) {
    // Written by a version without a chain, before the first chained row or between two: what a hash was
    // taken from makes the next one wrong.
    if (walk.begun) walk.lastId = row.id;
    walk.unchained += 1;
    return;
  }
  if (walk.begun && row.id !== walk.lastId + 1) {
    throw new Found(
      'missing',
      walk.lastId + 1,
      `row ${walk.lastId + 1} is missing, and nothing says that it was deleted`,
    );
  }
  const expected = linkHash(walk.hash, row.digest);
  if (expected !== row.hash) {
    throw new Found(
      'changed',
      row.id,
      `row ${row.id} is not what was written, or the row before it was replaced`,
    );
  }
  advance(walk, row.id, row.hash, parts);
  walk.verified += 1;
}

function passGraves(walk: Walk, beforeId: number, parts: ChainParts): void {
  for (let grave = walk.graves[0]; grave !== undefined && grave.fromId < beforeId; grave = walk.graves[0]) {
    walk.graves.shift();
    const { fromId, toId, rows, digest, hashBefore, hashAfter, reason } = grave;
    if (walk.begun && fromId !== walk.lastId + 1) {
      throw new Found(
        'missing',
        walk.lastId + 1,
        `row ${walk.lastId + 1} is missing, and nothing says that it was deleted`,
      );
    }
    if (hashBefore !== walk.hash) {
      throw new Found(
        'tombstone',
        fromId,
        `the record of the deleted rows ${fromId} to ${toId} does not fit the row before`,
      );
    }
    if (digest !== null && linkHash(hashBefore, digest) !== hashAfter) {
      throw new Found(
        'tombstone',
        fromId,
        `the record of the erased row ${fromId} does not fit its own hash`,
      );
    }
    if (!isSigned(tombstoneText(grave), grave, parts)) {
      throw new Found(
        'tombstone',
        fromId,
        `the deletion of the rows ${fromId} to ${toId} was not signed by a known key`,
      );
    }
    if (reason === 'pruned') walk.pruned += rows;
    else if (reason === 'erased') walk.erased += rows;
    else walk.lost += rows;
    advance(walk, toId, hashAfter, parts);
  }
}

function isSigned(text: string, signed: Signed, { publicKeys }: ChainParts): boolean {
  const key = publicKeys.get(signed.keyId);
  return key !== undefined && isGenuine(text, signed, key);
}

function advance(walk: Walk, id: number, hash: string, parts: ChainParts): void {
  walk.begun = true;
  walk.lastId = id;
  walk.chainedId = id;
  walk.hash = hash;
  for (const checkpoint of walk.checkpoints.get(id) ?? []) {
    if (!isSigned(checkpointText(checkpoint), checkpoint, parts)) {
      throw new Found('checkpoint', id, `the checkpoint at row ${id} was not signed by a known key`);
    }
    if (checkpoint.hash !== hash) {
      throw new Found('checkpoint', id, `row ${id} or one before it was changed after it was signed`);
    }
    walk.signed += 1;
    walk.keys.add(checkpoint.keyId);
  }
  walk.checkpoints.delete(id);
}

function checkEnd(walk: Walk, { head }: ChainParts): void {
  for (const id of walk.checkpoints.keys()) {
    if (id > walk.chainedId) {
      throw new Found(
        'cut_off',
        walk.chainedId + 1,
        `rows up to ${id} were signed, but the chain ends at row ${walk.chainedId}`,
      );
    }
  }
  if (
    head !== null &&
    (head.rowId > walk.chainedId || (head.rowId === walk.chainedId && head.hash !== walk.hash))
  ) {
    throw new Found(
      'cut_off',
      walk.chainedId + 1,
      `the chain should end at row ${head.rowId}, but ends at row ${walk.chainedId}`,
    );
  }
}
