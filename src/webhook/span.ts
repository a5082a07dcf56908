import type { Attributes, Work } from '../traces/types.ts';

/** One try of a call, as its span tells of it. */
export interface Tried {
  readonly of: 'batch' | 'session';
  readonly tries: number;
  readonly end: 'delivered' | 'retry' | 'given_up';
  /** What the receiver answered; null: nothing. */
  readonly status: number | null;
  /** The constant that says why there was no answer; null: there was one. */
  readonly reason: string | null;
  /** By `performance.now()`. */
  readonly from: number;
  readonly to: number;
  /** Of the request that the call goes on with the trace of. */
  readonly traceparent: string | null;
}

/** The span of a try of a call: nothing of where it went, or what of. */
export function triedCall(tried: Tried, more: Attributes = {}): Work {
  const { of, tries, end, status, reason, from, to, traceparent } = tried;
  return {
    name: 'webhook',
    kind: 'client',
    from,
    to,
    within: traceparent,
    // A receiver that does not answer is no fault of the service; one that was never reached is for people.
    failed: end === 'given_up',
    attributes: {
      'http.request.method': 'POST',
      'livestill.webhook': of,
      'livestill.outcome': end,
      'livestill.tries': tries,
      ...(status === null ? {} : { 'http.response.status_code': status }),
      ...(reason === null ? {} : { 'error.type': reason }),
      ...more,
    },
  };
}
