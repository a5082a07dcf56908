/** What a `traceparent` says: the trace, the span that called, and whether it is sampled. */
export interface Parent {
  readonly traceId: string;
  readonly spanId: string;
  readonly isSampled: boolean;
}

/** Version, trace id, parent id and flags; versions after 00 may have more behind them. */
const FORM = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/;
const NOTHING = /^0+$/;

/** Writes a `traceparent` of version 00. */
export function writeTraceparent({ traceId, spanId, isSampled }: Parent): string {
  return `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;
}

/**
 * Reads the header `traceparent` (W3C Trace Context, section 3.2); null where it is none, or not a valid one:
 * the standard has a new trace begun then.
 */
export function readTraceparent(header: string | readonly string[] | undefined): Parent | null {
  if (typeof header !== 'string' || header.length > 512) return null;
  const [, version = '', traceId = '', spanId = '', flags = '', more] = FORM.exec(header.trim()) ?? [];
  if (version === '' || version === 'ff' || (version === '00' && more !== undefined)) return null;
  if (NOTHING.test(traceId) || NOTHING.test(spanId)) return null;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
