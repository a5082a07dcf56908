import { randomUUID } from 'node:crypto';

/**
 * Letters, digits and a few separators, at most 128: what ids of proxies and tracers are made of, and nothing
 * a log could trip over.
 */
const WELL_FORMED = /^[A-Za-z0-9][A-Za-z0-9._:@/+=-]{0,127}$/;

/** The request's id: the caller's `X-Request-Id` when it is well-formed, else a fresh UUID. */
export function requestIdFrom(header: string | readonly string[] | undefined): string {
  return typeof header === 'string' && WELL_FORMED.test(header) ? header : randomUUID();
}
