import type { IncomingMessage } from 'node:http';
import { isInNetworks, networksOf, parseAddress } from '../../networks.ts';
import { forwardedNodes, readNode } from './forwarded.ts';

/**
 * Stands for a caller whose address a trusted proxy did not say in a form that can be read: it lies in no
 * network.
 */
export const UNKNOWN_CALLER = 'unknown';

/** Which header the trusted proxies write. */
export type ProxyHeader = 'either' | 'x-forwarded-for' | 'forwarded';

/** Whose word on the caller's address counts. */
export interface ProxySettings {
  /** Addresses or CIDRs of the proxies that are believed; empty: nobody is. */
  readonly trustedProxies: readonly string[];
  /** Default `either`. */
  readonly proxyHeader?: ProxyHeader;
}

/**
 * Tells the callers' addresses as they are logged, limited and compared with the networks of API keys.
 *
 * A connection that is no trusted proxy's is the caller's own, whatever its headers say. Of a trusted proxy's
 * the list in `X-Forwarded-For` or `Forwarded` (RFC 7239) is walked from its end, where the nearest proxy
 * wrote, up to the first address that is no trusted proxy's. Whoever stands before it could have written
 * anything. A proxy that says nothing at all is itself the caller; what it says and cannot be read is
 * `UNKNOWN_CALLER`, never the proxy. Where both headers are there, one of them may be the caller's own
 * invention: both must lead to the same address, or the proxies' own is named by `proxyHeader`.
 */
export function createCallerAddress(
  settings: ProxySettings,
): (headers: IncomingMessage['headers'], connection: string | undefined) => string {
  const { proxyHeader = 'either' } = settings;
  const trusted = networksOf(settings.trustedProxies);

  const walk = (nodes: readonly (string | null)[] | null, nearest: string): string => {
    if (nodes === null) return UNKNOWN_CALLER;
    let caller = nearest;
    for (const node of nodes.toReversed()) {
      if (!isInNetworks(trusted, caller)) return caller;
      if (node === null) return UNKNOWN_CALLER;
      caller = node;
    }
    return caller;
  };

  return (headers, connection) => {
    const nearest = parseAddress(connection)?.toString() ?? UNKNOWN_CALLER;
    if (trusted.length === 0 || !isInNetworks(trusted, nearest)) return nearest;
    const found = new Set<string>();
    const list = headers['x-forwarded-for'];
    if (list !== undefined && proxyHeader !== 'forwarded') {
      found.add(walk([list].flat().join(',').split(',').map(readNode), nearest));
    }
    const { forwarded } = headers;
    if (forwarded !== undefined && proxyHeader !== 'x-forwarded-for') {
      found.add(walk(forwardedNodes(forwarded), nearest));
    }
    const [only = nearest, ...others] = found;
    return others.length === 0 ? only : UNKNOWN_CALLER;
  };
}
