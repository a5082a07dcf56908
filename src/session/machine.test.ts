import { describe, expect, it } from 'vitest';
import { Fault } from '../faults.ts';
import { applyStep, atTime, CLAIM_MS, MOST_REFUSED } from './machine.ts';
import { decideTry } from './outcome.ts';
import { someSession, someStill } from './test-support/some-session.ts';
import type { Session, SessionState, SessionStep } from './types.ts';

const NOW = 10_000;
const open = { macKey: 'key', nonce: 'nonce-1', startedAt: 1000 } as const;
/** One session in each state. */
const IN: Readonly<Record<SessionState, Session>> = {
  created: someSession(),
  uploading: someSession({ state: 'uploading', ...open }),
  judging: someSession({ state: 'judging', ...open, claim: { mac: 'mac-1', at: NOW } }),
  done: someSession({ state: 'done', outcome: 'live', endedAt: 5000 }),
  expired: someSession({ state: 'expired', endedAt: 5000 }),
  exhausted: someSession({ state: 'exhausted', endedAt: 5000 }),
  cancelled: someSession({ state: 'cancelled', endedAt: 5000 }),
};
const STEPS: Readonly<Record<SessionStep['kind'], SessionStep>> = {
  start: { kind: 'start', key: 'another', nonce: 'n' },
  claim: { kind: 'claim', nonce: 'nonce-1', mac: 'mac-2' },
  refuse: { kind: 'refuse' },
  release: { kind: 'release', mac: 'mac-1' },
  finish: { kind: 'finish', mac: 'mac-1', still: someStill(), nonce: 'nonce-2' },
  cancel: { kind: 'cancel' },
  expire: { kind: 'expire' },
};

/** The state after a call, or the reason of its refusal. */
function after(state: SessionState, kind: SessionStep['kind']): string {
  try {
    return applyStep(IN[state], STEPS[kind], NOW).state;
  } catch (error) {
    return `! ${(error as Fault).reason}`;
  }
}

describe('states and calls', () => {
  const calls = ['start', 'claim', 'refuse', 'release', 'finish', 'cancel', 'expire'] as const;
  const over = ['! over', '! over', '! over', '! over', '! over', '! over'];
  it.each<readonly [SessionState, readonly string[]]>([
    // start, claim, refuse, release, finish, cancel, expire (before its time)
    ['created', ['uploading', '! not_started', 'created', 'created', '! nonce', 'cancelled', 'created']],
    ['uploading', ['! started', 'judging', 'uploading', 'uploading', '! nonce', 'cancelled', 'uploading']],
    ['judging', ['! started', '! judging', 'judging', 'uploading', 'uploading', 'cancelled', 'judging']],
    ['done', [...over, 'done']],
    ['expired', [...over, 'expired']],
    ['exhausted', [...over, 'exhausted']],
    ['cancelled', [...over, 'cancelled']],
  ])('%s', (state, expected) => {
    expect(calls.map((kind) => after(state, kind))).toEqual(expected);
  });

  it.each(['created', 'uploading', 'judging'] as const)(
    'that come after the time of a session that was %s find it expired',
    (state) => {
      const late = IN[state].expiresAt + CLAIM_MS;
      for (const kind of calls.slice(0, 6)) {
        expect(() => applyStep(IN[state], STEPS[kind], late)).toThrow('The session is over (expired).');
      }
      expect(applyStep(IN[state], { kind: 'expire' }, late)).toMatchObject({
        state: 'expired',
        endedAt: late,
        macKey: null,
        nonce: null,
      });
    },
  );
});

/** Sends stills with these changes, one after the other. */
function send(session: Session, ...stills: readonly Parameters<typeof someStill>[0][]): Session {
  return stills.reduce<Session>((at, change, index) => {
    const mac = `mac ${at.taken.length} ${index}`;
    const claimed = applyStep(at, { kind: 'claim', nonce: at.nonce ?? '', mac }, NOW);
    const still = someStill(change);
    return applyStep(claimed, { kind: 'finish', mac, still, nonce: `nonce ${mac}` }, NOW);
  }, session);
}
const unfit = { verdict: 'poor_quality', score: null, reasons: ['BLURRED'] } as const;

describe('a session', () => {
  it('answers its last upload once more when it is done, and no other', () => {
    const done = send(someSession({ state: 'uploading', ...open, stills: 1 }), {});
    expect(done.state).toBe('done');
    const again = (mac: string) => applyStep(done, { kind: 'claim', nonce: 'nonce-1', mac }, NOW);
    expect(again(done.lastMac ?? '')).toBe(done);
    expect(() => again('mac-2')).toThrow('The session is over (done).');
    const cancelled: Session = { ...done, state: 'cancelled' };
    expect(() =>
      applyStep(cancelled, { kind: 'claim', nonce: 'nonce-1', mac: done.lastMac ?? '' }, NOW),
    ).toThrow('The session is over (cancelled).');
  });

  it('is done with the last still of a try, and forgets its key', () => {
    const first = send(IN.uploading, {});
    expect([first.state, first.outcome, first.taken.length]).toEqual(['uploading', null, 1]);
    expect(send(first, {})).toMatchObject({
      state: 'done',
      outcome: 'live',
      macKey: null,
      nonce: null,
      endedAt: NOW,
    });
  });

  it('begins another try where nothing could be judged, until there is none', () => {
    const again = send(IN.uploading, unfit, unfit);
    expect([again.state, again.attempt]).toEqual(['uploading', 2]);
    expect(send(again, unfit, { verdict: null })).toMatchObject({ state: 'done', outcome: 'unfit' });
    expect(send(again, unfit, {})).toMatchObject({ state: 'done', outcome: 'live' });
  });

  it('takes each upload once, in the order of its nonces', () => {
    const first = send(IN.uploading, {});
    const repeat = { kind: 'claim', nonce: 'nonce-1', mac: first.lastMac ?? '' } as const;
    expect(applyStep(first, repeat, NOW)).toEqual(first);
    const old = { kind: 'claim', nonce: 'nonce-1', mac: 'of other bytes' } as const;
    expect(() => applyStep(first, old, NOW)).toThrow(Fault);
  });

  it('is started once, by one page; the same page may ask again', () => {
    const started = applyStep(IN.created, { kind: 'start', key: 'k', nonce: 'n' }, NOW);
    expect(applyStep(started, { kind: 'start', key: 'k', nonce: 'other' }, NOW)).toEqual(started);
    expect(() => applyStep(started, { kind: 'start', key: 'other', nonce: 'n' }, NOW)).toThrow(
      'another page',
    );
  });

  it('is held by a judgement for a minute, also past its own time', () => {
    const { expiresAt } = IN.judging;
    const judging = { ...IN.judging, claim: { mac: 'mac-1', at: expiresAt - 1 } };
    expect(atTime(judging, expiresAt + 1000).state).toBe('judging');
    expect(applyStep(judging, STEPS.finish, expiresAt + 1000).taken).toHaveLength(1);
    expect(atTime(judging, expiresAt + CLAIM_MS).state).toBe('expired');
    const dead = applyStep(IN.judging, STEPS.claim, NOW + CLAIM_MS);
    expect(dead).toMatchObject({ state: 'judging', claim: { mac: 'mac-2' } });
  });

  it('is exhausted by uploads with a wrong MAC', () => {
    let session = IN.uploading;
    for (let n = 1; n < MOST_REFUSED; n++) session = applyStep(session, { kind: 'refuse' }, NOW);
    expect([session.state, session.refused]).toEqual(['uploading', MOST_REFUSED - 1]);
    expect(applyStep(session, { kind: 'refuse' }, NOW).state).toBe('exhausted');
  });
});

describe('the outcome of a try', () => {
  const live = someStill();
  const attack = someStill({ verdict: 'attack' });
  const poor = someStill(unfit);
  const signalled = someStill({ signals: ['camera_virtual'] });
  const { evidence } = live;
  const aside =
    evidence === null
      ? live
      : someStill({ evidence: { ...evidence, faceBox: { left: 400, top: 100, right: 500, bottom: 220 } } });
  it.each([
    ['live', [live, live], 'information'],
    ['live', [poor, live], 'information'],
    ['attack', [live, attack, attack], 'information'],
    ['attack', [poor, attack], 'review'],
    ['review', [live, live, live, live, attack], 'information'],
    [
      'unfit',
      [poor, someStill({ verdict: 'no_face' }), someStill({ verdict: null, evidence: null })],
      'review',
    ],
    ['unfit', [someStill({ verdict: null, evidence: null })], 'information'],
    ['review', [live, aside], 'information'],
    ['live', [live, signalled], 'information'],
    ['review', [live, signalled], 'review'],
  ] as const)('is %s', (outcome, stills, captureSignals) => {
    expect(decideTry(stills, captureSignals).outcome).toBe(outcome);
  });

  // Stills that cannot be compared, or are one picture, are how a stored portrait gets around the signals of a series.
  it.each([
    [
      'one still that can be judged among several',
      [live, { ...poor, sha256: 'p1' }, { ...poor, sha256: 'p2' }],
    ],
    ['one picture sent as two', [live, { ...live, requestId: 'request-2' }]],
  ] as const)(
    'with %s is for review where signals are, and live where they are information',
    (_what, stills) => {
      expect(decideTry(stills, 'review').outcome).toBe('review');
      expect(decideTry(stills, 'information').outcome).toBe('live');
    },
  );

  it('is live where signals are for review, with two stills that differ or the only one asked for', () => {
    expect(decideTry([live, someStill({ sha256: 'another' })], 'review').outcome).toBe('live');
    expect(decideTry([live], 'review').outcome).toBe('live');
  });

  it('has the score of the mean logit', () => {
    expect(decideTry([live, live], 'information').decision).toMatchObject({ score: 88, review: false });
  });
});
