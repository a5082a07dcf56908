import type { Server } from 'node:http';
import type { Logger } from 'pino';
import { rarely } from './rarely.ts';

/**
 * Lets a server listen.
 * @param onTrouble called with what goes wrong later, such as a connection that the system could not hand
 * over for lack of open files or memory: without anybody listening the runtime would end the process
 * @returns the port it got (port 0 takes any free one)
 * @throws {Error} with Node's `code` (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, …)
 */
export async function listenOn(
  server: Server,
  host: string,
  port: number,
  onTrouble: (error: Error) => void,
): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port }, () => {
      server.off('error', reject);
      server.on('error', onTrouble);
      resolve();
    });
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** Logs what goes wrong with a server that listens, at most every ten seconds: it goes on. */
export function listenTrouble(log: Logger): (error: Error) => void {
  const tell = rarely(10_000);
  return (err) =>
    tell((more) => log.error({ event: 'listen_trouble', err, more }, 'a connection was not taken'));
}
