import { createHash } from 'node:crypto';
import { Fault } from '../../faults.ts';
import type { StillRecord } from '../../ledger/types.ts';
import { judgeTogether, type Together } from '../../liveness/stills/together.ts';
import type { Judgement } from '../../liveness/types.ts';
import { decide } from '../../policy/decide.ts';
import type { Envelope } from '../http/envelope.ts';
import type { PictureSource } from '../intake/picture-source.ts';
import { type Answered, type Asked, judgeOptions, pictureOf, rowParts } from './decide.ts';
import type { DecisionDeps } from './deps.ts';
import { recorderOf } from './record.ts';

/** One admitted request for one judgement on several stills. */
export interface AskedTogether extends Omit<Asked, 'answer'> {
  /**
   * What is answered: the stills as the engine judged them and as the app's rules have them, and the whole.
   */
  answer(stills: readonly DecidedStill[], together: Together): Envelope;
}

/** One still, judged. */
export interface DecidedStill {
  readonly judgement: Judgement;
  readonly decided: Judgement;
  /** Of its bytes, hex. */
  readonly sha256: string;
}

/**
 * Fetches the stills, judges them at the same time on the workers there are, applies the app's rules to each,
 * makes one verdict and writes one row, which is on disk when this resolves. Stills behind urls are fetched
 * one after the other: the first that fails ends the request, and leaves one row. A still that cannot be read
 * refuses the request too: only what was judged can be left out.
 * @throws {Fault} of every other area than `picture`
 * @throws {AbortError} when the caller went away
 */
export async function decideTogether(
  deps: DecisionDeps,
  asked: AskedTogether,
  sources: readonly PictureSource[],
): Promise<Answered> {
  const { facts } = asked;
  const pictures = await picturesOf(deps, asked, sources);
  facts.stages?.enter('body');
  const hashes = pictures.map(({ bytes }) => sha256(bytes));
  facts.pictureBytes = pictures.reduce((sum, { bytes }) => sum + bytes.byteLength, 0);
  // One name for all of them: the hash of their hashes, one a line.
  facts.pictureSha256 = sha256(hashes.join('\n'));
  const recordsOf = (stills: readonly DecidedStill[]): readonly StillRecord[] =>
    pictures.map(({ bytes, source }, at) => ({
      sha256: hashes[at] as string,
      bytes: bytes.byteLength,
      source,
      verdict: stills[at]?.decided.verdict ?? null,
      rawScore: stills[at]?.decided.rawScore ?? null,
    }));
  const open = { ...rowParts(deps, asked), models: deps.judge.models };
  try {
    for (const { bytes } of pictures) asked.check?.(bytes);
    const judgements = await judgeAll(
      deps,
      asked,
      pictures.map(({ bytes }) => bytes),
    );
    const stills = judgements.map((judgement, at): DecidedStill => {
      const { rules } = asked;
      const decided = rules === undefined ? judgement : { ...judgement, ...decide(judgement, rules) };
      return { judgement, decided, sha256: hashes[at] as string };
    });
    const together = judgeTogether(
      stills.map((one) => ({
        judgement: one.decided,
        sha256: one.sha256,
        thumbnail: one.judgement.still?.thumbnail ?? null,
      })),
    );
    facts.judgement = together.judgement;
    const envelope = asked.answer(stills, together);
    await recorderOf(deps, { ...open, stills: recordsOf(stills) })(envelope, together.judgement, null);
    return { envelope, fault: null };
  } catch (error) {
    if (!(error instanceof Fault && error.area === 'picture')) throw error;
    const envelope = asked.refusal(error);
    await recorderOf(deps, { ...open, stills: recordsOf([]) })(envelope, null, error);
    return { envelope, fault: error };
  }
}

interface Fetched {
  readonly bytes: Uint8Array;
  /** `bytes`, or `url:` and the url's host. */
  readonly source: string;
}

async function picturesOf(
  deps: DecisionDeps,
  asked: AskedTogether,
  sources: readonly PictureSource[],
): Promise<readonly Fetched[]> {
  const { facts } = asked;
  const found: Fetched[] = [];
  let downloading = 0;
  for (const source of sources) {
    const bytes = await pictureOf(deps, asked, source);
    downloading += source.kind === 'url' ? (facts.downloadMilliseconds ?? 0) : 0;
    found.push({ bytes, source: facts.source ?? 'bytes' });
  }
  if (downloading > 0) facts.downloadMilliseconds = Math.round(downloading * 10) / 10;
  // Where they come from one place, that one; the explanation names each.
  facts.source = found[0]?.source ?? 'bytes';
  return found;
}

/**
 * Judges all of them, each as a picture of its own before the admission. Where one fails those that still
 * wait are given up, and its fault is thrown once no worker has a picture of the request any more.
 */
async function judgeAll(
  { judge }: Pick<DecisionDeps, 'judge'>,
  { app, exchange, facts }: AskedTogether,
  pictures: readonly Uint8Array[],
): Promise<readonly Judgement[]> {
  facts.isTogether = true;
  facts.stages?.enter('queue');
  const giveUp = new AbortController();
  const options = {
    ...judgeOptions(app, AbortSignal.any([exchange.signal, giveUp.signal])),
    still: true,
    // The first that is taken ends the wait of the request.
    onTaken: () => facts.stages?.enter('judge'),
  };
  let failed = false;
  let first: unknown;
  const judgements = await Promise.all(
    pictures.map(async (picture) => {
      try {
        return await judge.judge(picture, options);
      } catch (error) {
        if (!failed) {
          failed = true;
          first = error;
        }
        giveUp.abort();
        return null;
      }
    }),
  );
  if (failed) throw first;
  facts.stages?.enter('record');
  const found = judgements.filter((one) => one !== null);
  facts.decodeMilliseconds = Math.max(...found.map(({ milliseconds }) => milliseconds.decode ?? 0));
  return found;
}

function sha256(what: Uint8Array | string): string {
  return createHash('sha256').update(what).digest('hex');
}
