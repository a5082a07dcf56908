import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault, type FaultKind } from '../../faults.ts';
import type { Envelope } from '../http/envelope.ts';
import { asProblem } from '../v1/problems.ts';
import { requestSeen } from './request-seen.ts';

const exchange = { startedAt: performance.now() };
const envelope = (kind: FaultKind | null, message = 'OK'): Envelope => ({
  http: 200,
  kind,
  message,
  data: {},
  headers: {},
});

describe('what is reported of a request', () => {
  it.each([
    ['legacy', envelope(null), undefined, ['judged', '0', null]],
    ['legacy', envelope('no_face', 'face detect failed'), undefined, ['judged', '-4015', null]],
    [
      'legacy',
      envelope('download_refused'),
      new Fault('download_refused', 'http_404', ''),
      ['refused', '-5805', 'http_404'],
    ],
    ['legacy', envelope('busy'), new Fault('busy', 'queue_full', ''), ['busy', '-5802', 'queue_full']],
    [
      'legacy',
      envelope('accounts_unavailable'),
      new Fault('accounts_unavailable', 'store_busy', ''),
      ['failed', '107', 'store_busy'],
    ],
    ['legacy', envelope('internal'), new TypeError('x'), ['failed', '213', 'internal']],
    ['legacy', null, new Error('gone'), ['aborted', 'aborted', null]],
    ['v1', envelope(null), undefined, ['judged', 'ok', null]],
    ['v1', envelope('no_face'), undefined, ['judged', 'ok', null]],
    ['v1', envelope(null, 'replayed'), undefined, ['replayed', 'replayed', null]],
    [
      'v1',
      envelope('busy', 'overloaded'),
      new Fault('busy', 'queue_share', ''),
      ['busy', 'overloaded', 'queue_share'],
    ],
    [
      'v1',
      envelope('scope_missing', 'scope_missing'),
      asProblem(new Fault('scope_missing', 'scope_missing', '')),
      ['refused', 'scope_missing', 'scope_missing'],
    ],
    [
      'v1',
      envelope('state_unavailable', 'store_unavailable'),
      new Fault('state_unavailable', 'store_full', ''),
      ['failed', 'store_unavailable', 'store_full'],
    ],
    ['v1', null, undefined, ['aborted', 'aborted', null]],
  ] as const)('%s %j %s: %j', (api, answered, error, [outcome, code, reason]) => {
    const seen = requestSeen({ api, exchange, facts: {}, envelope: answered, error });
    expect(seen).toMatchObject({ api, outcome, code, reason, verdict: 'none', judgement: null });
  });

  it('never throws, whatever was thrown', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (error) => {
        const seen = requestSeen({ api: 'v1', exchange, facts: {}, envelope: envelope('internal'), error });
        expect(seen.reason).toBe('internal');
      }),
    );
  });
});
