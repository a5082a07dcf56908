import { createHash } from 'node:crypto';
import { pino } from 'pino';
import { describe, expect, it, vi } from 'vitest';
import { handMadeJudge, judgementOf, listLedger } from '../../../test/contract/support/judge.ts';
import { Fault } from '../../faults.ts';
import type { Together } from '../../liveness/stills/together.ts';
import type { Judgement } from '../../liveness/types.ts';
import { DEFAULT_RULES } from '../../policy/policy.ts';
import type { Envelope } from '../http/envelope.ts';
import type { PictureSource } from '../intake/picture-source.ts';
import { type AskedTogether, decideTogether } from './decide-together.ts';
import type { DecisionDeps } from './deps.ts';
import type { Facts } from './log.ts';

const FACE = {
  box: { left: 100, top: 100, right: 300, bottom: 350 },
  keyPoints: {} as never,
  detectorScore: 1,
  detectorIoU: null,
};
const curve = {
  score: [
    [-10, 0],
    [10, 100],
  ],
  probability: { a: -1, b: 0 },
};
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const bytes = (text: string): PictureSource => ({ kind: 'bytes', bytes: Buffer.from(text) });
const stillOf = (z: number, change: Partial<Judgement> = {}): Judgement =>
  judgementOf({
    face: FACE,
    fusedLogit: z,
    rawScore: 50 + 5 * z,
    verdict: 50 + 5 * z > 87 ? 'live' : 'attack',
    still: { thumbnail: null, curve },
    ...change,
  });

function setUp(signal = new AbortController().signal) {
  const judge = handMadeJudge();
  const ledger = listLedger();
  const download = vi.fn(async (_url: URL) => Buffer.from('fetched'));
  const deps = {
    judge,
    ledger,
    downloader: { download },
    clock: Date.now,
    log: pino({ level: 'silent' }),
    version: '0.0.0',
  } as unknown as DecisionDeps;
  const facts: Facts = { appid: 'app', secretId: 'key' };
  const added: number[] = [];
  const answers: Together[] = [];
  const envelope = (fault: Fault | null): Envelope => ({
    http: fault === null ? 200 : 422,
    kind: fault?.kind ?? null,
    message: 'OK',
    data: {},
    headers: {},
  });
  const asked = {
    api: 'v1',
    exchange: { requestId: 'r', callerAddress: '127.0.0.1', startedAt: performance.now(), signal },
    facts,
    app: { appid: 'app', policy: { threshold: null, profile: null, capture: null, review: null } },
    rules: DEFAULT_RULES,
    hold: { add: (more: number) => added.push(more) },
    answer(_stills: unknown, together: Together) {
      answers.push(together);
      return envelope(null);
    },
    refusal: envelope,
  } as unknown as AskedTogether;
  const decide = (...sources: PictureSource[]) => decideTogether(deps, asked, sources);
  return { judge, ledger, download, facts, added, answers, decide };
}

describe('one decision on several stills', () => {
  it('judges each as one of several at the same time and leaves one row with every hash', async () => {
    const { judge, ledger, answers, decide, facts } = setUp();
    let running = 0;
    let most = 0;
    judge.answer = async (picture) => {
      most = Math.max(most, ++running);
      await new Promise(setImmediate);
      running--;
      return stillOf(picture.toString() === 'one' ? 10 : 7);
    };
    const { fault } = await decide(bytes('one'), bytes('three'));
    expect(fault).toBeNull();
    expect(most).toBe(2);
    expect(judge.options).toMatchObject([
      { app: 'app', still: true },
      { app: 'app', still: true },
    ]);
    expect(answers).toMatchObject([{ fused: { fusedLogit: 8.5, score: 93, used: [0, 1] } }]);
    expect(ledger.rows).toHaveLength(1);
    expect(ledger.rows[0]).toMatchObject({
      kind: 'judged',
      rawScore: 93,
      verdict: 'live',
      pictureBytes: 8,
      pictureSha256: sha256(`${sha256('one')}\n${sha256('three')}`),
      explanation: {
        stills: [
          { sha256: sha256('one'), bytes: 3, source: 'bytes', verdict: 'live', rawScore: 100 },
          { sha256: sha256('three'), bytes: 5, source: 'bytes', verdict: 'attack', rawScore: 85 },
        ],
      },
    });
    expect(ledger.rows[0]?.explanation?.review).toBe(true);
    expect(facts.judgement).not.toHaveProperty('still');
  });

  it('refuses all for one that cannot be read, gives the others up and leaves one row', async () => {
    const { judge, ledger, answers, decide } = setUp();
    judge.answer = (picture, { signal }) =>
      picture.toString() === 'bad'
        ? Promise.reject(new Fault('picture_unreadable', 'truncated', 'cut'))
        : new Promise((_, reject) => signal?.addEventListener('abort', () => reject(signal.reason)));
    const { fault } = await decide(bytes('good'), bytes('bad'));
    expect(fault).toMatchObject({ reason: 'truncated' });
    expect(answers).toEqual([]);
    expect(ledger.rows).toMatchObject([{ verdict: null, reasons: ['truncated'] }]);
    expect(ledger.rows[0]?.explanation?.stills).toHaveLength(2);
  });

  it('throws the fault of the workers, not that of those given up, and leaves no row', async () => {
    const { judge, ledger, decide } = setUp();
    judge.answer = () => Promise.reject(new Fault('busy', 'queue_full', 'full'));
    await expect(decide(bytes('a'), bytes('b'))).rejects.toMatchObject({ kind: 'busy' });
    expect(ledger.rows).toEqual([]);
  });

  it('ends when its caller goes away', async () => {
    const gone = new AbortController();
    const { judge, ledger, decide } = setUp(gone.signal);
    judge.answer = (_, { signal }) =>
      new Promise((_, reject) => {
        signal?.addEventListener('abort', () => reject(signal.reason));
        gone.abort();
      });
    await expect(decide(bytes('a'))).rejects.toMatchObject({ name: 'AbortError' });
    expect(ledger.rows).toEqual([]);
  });

  it('fetches one after the other, counts the memory of each, and ends with the first that fails', async () => {
    const { judge, ledger, download, added, decide } = setUp();
    judge.answer = () => stillOf(10);
    const url = (name: string): PictureSource => ({ kind: 'url', url: new URL(`https://a.test/${name}`) });
    await decide(url('1'), url('2'));
    expect(added).toEqual([7, 7]);
    download.mockRejectedValueOnce(new Fault('download_refused', 'http_404', 'not found'));
    await expect(decide(url('1'), url('2'))).rejects.toMatchObject({ reason: 'http_404' });
    expect(download).toHaveBeenCalledTimes(3);
    expect(ledger.rows.map(({ kind }) => kind)).toEqual(['judged', 'download_refused']);
  });

  it('has faces in different places looked at by a person, and never scores unfit stills', async () => {
    const { judge, answers, decide } = setUp();
    const box = { left: 400, top: 100, right: 700, bottom: 350 };
    judge.answer = (picture) => stillOf(10, picture.toString() === 'a' ? {} : { face: { ...FACE, box } });
    await decide(bytes('a'), bytes('b'));
    judge.answer = () => stillOf(10, { verdict: 'no_face', face: null, rawScore: null });
    await decide(bytes('a'), bytes('b'));
    expect(answers).toMatchObject([
      { fused: { verdict: 'live', review: true, reasons: [{ code: 'STILLS_APART' }] } },
      { fused: { verdict: 'no_face', score: null, review: false } },
    ]);
  });
});
