import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../errors.ts';
import type { Envelope } from '../envelope.ts';
import { Problem } from '../v1/problems.ts';
import { requestSeen } from './request-seen.ts';

const exchange = { startedAt: performance.now() };
const envelope = (code: number, message = 'OK'): Envelope => ({
  http: 200,
  code,
  message,
  data: {},
  headers: {},
});

describe('what is told of a request', () => {
  it.each([
    ['legacy', envelope(0), undefined, ['judged', '0', null]],
    ['legacy', envelope(-4015, 'face detect failed'), undefined, ['judged', '-4015', null]],
    ['legacy', envelope(-5805), new Fault(-5805, 'http_404', ''), ['refused', '-5805', 'http_404']],
    ['legacy', envelope(-5802), new Fault(-5802, 'queue_full', ''), ['busy', '-5802', 'queue_full']],
    ['legacy', envelope(107), new Fault(107, 'store_busy', ''), ['failed', '107', 'store_busy']],
    ['legacy', envelope(213), new TypeError('x'), ['failed', '213', 'internal']],
    ['legacy', null, new Error('gone'), ['aborted', 'aborted', null]],
    ['v1', envelope(0), undefined, ['judged', 'ok', null]],
    ['v1', envelope(-4015), undefined, ['judged', 'ok', null]],
    ['v1', envelope(0, 'replayed'), undefined, ['replayed', 'replayed', null]],
    [
      'v1',
      envelope(-5802, 'overloaded'),
      new Fault(-5802, 'queue_share', ''),
      ['busy', 'overloaded', 'queue_share'],
    ],
    [
      'v1',
      envelope(12, 'scope_missing'),
      new Problem('scope_missing', ''),
      ['refused', 'scope_missing', 'scope_missing'],
    ],
    [
      'v1',
      envelope(108, 'store_unavailable'),
      new Fault(108, 'disk_full', ''),
      ['failed', 'store_unavailable', 'disk_full'],
    ],
    ['v1', null, undefined, ['aborted', 'aborted', null]],
  ] as const)('%s %j %s: %j', (api, answered, error, [outcome, code, reason]) => {
    const seen = requestSeen({ api, exchange, facts: {}, envelope: answered, error });
    expect(seen).toMatchObject({ api, outcome, code, reason, verdict: 'none', judgement: null });
  });

  it('never throws, whatever was thrown', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (error) => {
        const seen = requestSeen({ api: 'v1', exchange, facts: {}, envelope: envelope(213), error });
        expect(seen.reason).toBe('internal');
      }),
    );
  });
});
