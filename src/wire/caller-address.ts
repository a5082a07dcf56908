import { isIPv4 } from 'node:net';
import ipaddr from 'ipaddr.js';

/**
 * The caller's address as it is logged and kept: what the trusted proxies say (`claimed`) when that is an IP address, else
 * the connection's own. An IPv4 address inside an IPv6 one is written as IPv4, a zone id is dropped.
 */
export function callerAddress(claimed: string | undefined, connection: string | undefined): string {
  return normal(claimed) ?? normal(connection) ?? 'unknown';
}

function normal(text: string | undefined): string | undefined {
  if (text === undefined || isIPv4(text)) return text;
  const bare = text.replace(/%.*$/, '');
  return ipaddr.isValid(bare) ? ipaddr.process(bare).toString() : undefined;
}
