import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CHAIN_START, contentDigest, linkHash } from './chain.ts';
import {
  auditKeyFrom,
  type Checkpoint,
  checkpointText,
  isGenuine,
  newAuditKeyText,
  type Tombstone,
  tombstoneText,
} from './checkpoint.ts';
import { type ChainedRow, verifyChain } from './verify.ts';

const key = auditKeyFrom(newAuditKeyText());
const publicKeys = new Map([[key.keyId, key.publicKey]]);

/** A chain over the given contents, and its head. */
function chainOf(contents: readonly string[]): readonly ChainedRow[] {
  let hash = CHAIN_START;
  return contents.map((content, index) => {
    const digest = contentDigest('test-1', 'salt', [content]);
    hash = linkHash(hash, digest);
    return { id: index + 1, digest, hash };
  });
}

async function* each(rows: readonly ChainedRow[]) {
  yield* rows;
}

function verified(
  rows: readonly ChainedRow[],
  parts: { tombstones?: Tombstone[]; checkpoints?: Checkpoint[] } = {},
) {
  return verifyChain({
    chain: 'ledger',
    start: null,
    rows: each(rows),
    tombstones: [],
    checkpoints: [],
    publicKeys,
    head: null,
    ...parts,
  });
}

function checkpoint({ id, hash }: ChainedRow): Checkpoint {
  const statement = { chain: 'ledger', rowId: id, hash: hash!, at: new Date(0) } as const;
  return { ...statement, ...key.sign(checkpointText(statement)) };
}

const contents = fc.array(fc.string(), { minLength: 2, maxLength: 30 });

describe('a chain', () => {
  it('is right as it was written, for any contents', () =>
    fc.assert(
      fc.asyncProperty(contents, async (texts) => {
        const rows = chainOf(texts);
        const found = await verified(rows, { checkpoints: [checkpoint(rows.at(-1)!)] });
        expect(found).toMatchObject({
          verified: texts.length,
          checkpoints: 1,
          keys: [expect.stringMatching(/^[0-9a-f]{16}$/)],
          fault: null,
        });
      }),
    ));

  it('names the changed row, whichever it is and whatever it became', () =>
    fc.assert(
      fc.asyncProperty(contents, fc.nat(), fc.string(), async (texts, place, other) => {
        const at = place % texts.length;
        fc.pre(texts[at] !== other);
        const rows = chainOf(texts).map((row, index) =>
          index === at ? { ...row, digest: contentDigest('test-1', 'salt', [other]) } : row,
        );
        expect((await verified(rows)).fault).toMatchObject({ kind: 'changed', rowId: at + 1 });
      }),
    ));

  it('does not pass with a row taken out, or two in each other’s place', () =>
    fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string(), { minLength: 3, maxLength: 20 }),
        fc.nat(),
        async (texts, place) => {
          const rows = chainOf(texts);
          const at = place % (texts.length - 1);
          expect((await verified(rows.toSpliced(at, 1))).fault).not.toBeNull();
          const [one, two] = [rows[at], rows[at + 1]];
          const swapped = rows.with(at, { ...two, id: one.id }).with(at + 1, { ...one, id: two.id });
          expect((await verified(swapped)).fault).toMatchObject({ rowId: at + 1 });
        },
      ),
    ));

  it('made anew from the changed row on is found by the state that was signed before', async () => {
    const signed = checkpoint(chainOf(['a', 'b', 'c'])[1]);
    const rows = chainOf(['a', 'B', 'c']);
    expect((await verified(rows, { checkpoints: [signed] })).fault).toMatchObject({
      kind: 'checkpoint',
      rowId: 2,
    });
  });
});

describe('signatures', () => {
  it('are refused with any changed member, and by another key', () => {
    const stone: Tombstone = {
      ...{ chain: 'ledger', fromId: 1, toId: 2, rows: 2, digest: null, hashBefore: 'a', hashAfter: 'b' },
      ...{ reason: 'pruned', at: new Date(5), keyId: '', signature: '' },
    };
    const signed = key.sign(tombstoneText(stone));
    expect(isGenuine(tombstoneText(stone), signed, key.publicKey)).toBe(true);
    for (const change of [{ toId: 3 }, { rows: 1 }, { reason: 'erased' as const }, { hashAfter: 'c' }]) {
      expect(isGenuine(tombstoneText({ ...stone, ...change }), signed, key.publicKey)).toBe(false);
    }
    const other = auditKeyFrom(newAuditKeyText());
    expect(isGenuine(tombstoneText(stone), signed, other.publicKey)).toBe(false);
  });

  it('come from a key in PEM or in base64, and from no other kind of key', () => {
    const pem = newAuditKeyText();
    const base64 = pem.replace(/-----.*?-----|\s/g, '');
    expect(auditKeyFrom(base64).keyId).toBe(auditKeyFrom(pem).keyId);
    for (const text of ['', 'abc', pem.slice(0, 40)]) expect(() => auditKeyFrom(text)).toThrow();
  });
});
