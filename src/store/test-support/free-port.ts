import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';

/** The lowest port that is given out. */
const LOWEST = 10_000;
/** Where the ports begin that the system gives to whoever asks for any, where it does not say. */
const USUAL_FIRST_OF_SYSTEM = 32_768;

function firstOfSystem(): number {
  try {
    return Number(/^\d+/.exec(readFileSync('/proc/sys/net/ipv4/ip_local_port_range', 'utf8'))?.[0]);
  } catch {
    return USUAL_FIRST_OF_SYSTEM;
  }
}

/** Ports below those that the system gives out by itself; all, where it gives out nearly all. */
const end = (() => {
  const first = firstOfSystem();
  return first > LOWEST + 1000 ? first : 65_536;
})();
/** Ports that this process was given already. */
const given = new Set<number>();

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

/**
 * A port of the loopback for a server that is started later, and may be started again: nothing listens on it,
 * and neither a connection nor a server on "any port" is given it meanwhile, as happens to those that the
 * system gives out.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (end - LOWEST));
    if (given.has(port) || !(await isFree(port))) continue;
    given.add(port);
    return port;
  }
}
