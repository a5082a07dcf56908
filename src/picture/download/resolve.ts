import { lookup, Resolver } from 'node:dns/promises';
import { refused } from './reasons.ts';
import { createShares } from './shares.ts';

/**
 * All addresses of a host name, in the order they should be tried. Rejects, or gives none, where there are
 * none. Once `signal` is aborted nobody waits for the answer any more. `app` is the one whose share is used.
 */
export type Resolve = (host: string, signal?: AbortSignal, app?: string) => Promise<readonly string[]>;

/** As much of a `node:dns` Resolver as is used here. */
export interface NameServers {
  resolve4(host: string): Promise<string[]>;
  resolve6(host: string): Promise<string[]>;
  cancel(): void;
}

/**
 * Asks name servers for both kinds of address, without the system's look-up: that one holds a thread of the
 * pool that also decodes pictures, and cannot be stopped, so a few names with a silent name server would hold
 * up everybody. A fresh resolver for each name reads `resolv.conf` as it is now and can be cancelled alone.
 */
export function nameServerResolve(
  open: () => NameServers = () => new Resolver({ timeout: 1500, tries: 2 }),
): Resolve {
  return async (host, signal) => {
    const servers = open();
    const stop = () => servers.cancel();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const [v4, v6] = await Promise.allSettled([servers.resolve4(host), servers.resolve6(host)]);
      if (v4.status === 'rejected' && v6.status === 'rejected') throw v4.reason;
      return [v4, v6].flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
    } finally {
      signal?.removeEventListener('abort', stop);
    }
  };
}

/**
 * Look-ups of the system at the same moment: each holds one of the four threads that also read files and
 * decompress.
 */
const SYSTEM_LOOK_UPS = 2;

/**
 * The system's own look-up, which knows the hosts file and names of the local network. One that is left holds
 * its thread until it ends, and its place as long; of the places an app gets its share.
 */
export function systemResolve(
  lookUp: (host: string) => Promise<readonly { readonly address: string }[]> = (host) =>
    lookup(host, { all: true }),
): Resolve {
  const places = createShares(SYSTEM_LOOK_UPS);
  return async (host, signal = new AbortController().signal, app) => {
    const leave = await places.enter(app, signal);
    try {
      return (await lookUp(host)).map(({ address }) => address);
    } finally {
      leave();
    }
  };
}

/** Resolves once, and says with a reason why not. */
export async function resolved(
  host: string,
  resolve: Resolve,
  signal: AbortSignal,
  app?: string,
): Promise<readonly string[]> {
  // RFC 6761 §6.3: this name is never to be asked for.
  if (host === 'localhost' || host.endsWith('.localhost')) return ['127.0.0.1', '::1'];
  const addresses = await untilAborted(resolve(host, signal, app), signal).catch((cause: unknown) => {
    if (signal.aborted) throw signal.reason;
    const slow = (cause as NodeJS.ErrnoException).code === 'ETIMEOUT';
    throw slow
      ? refused('dns_timeout', `No name server told the address of ${host} in time.`, { cause })
      : refused('dns_failed', `The name ${host} cannot be resolved.`, { cause });
  });
  if (addresses.length === 0) throw refused('dns_failed', `The name ${host} has no address.`);
  return addresses;
}

/**
 * Settles as `work` does, or rejects as soon as `signal` is aborted: some work cannot be stopped, only left.
 */
function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const leave = () => reject(signal.reason);
    if (signal.aborted) leave();
    signal.addEventListener('abort', leave, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', leave));
  });
}
