import type { FastifyInstance } from 'fastify';
import type { Logger } from 'pino';
import { rarely } from './rarely.ts';

/**
 * Lets a server listen. Not the framework's own `listen`, which for `localhost` makes a second server that
 * knows nothing of what was set up on the first.
 * @param onTrouble called with what goes wrong later, such as a connection that the system could not hand
 * over for lack of open files or memory:
 *   without anybody listening the runtime would end the process
 * @returns the port it got (port 0 takes any free one)
 * @throws {Error} with Node's `code` (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, …)
 */
export async function listenOn(
  app: FastifyInstance,
  host: string,
  port: number,
  onTrouble: (error: Error) => void,
): Promise<number> {
  await app.ready();
  await new Promise<void>((resolve, reject) => {
    app.server.once('error', reject);
    app.server.listen({ host, port }, () => {
      app.server.off('error', reject);
      app.server.on('error', onTrouble);
      resolve();
    });
  });
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

/** Logs what goes wrong with a server that listens, at most every ten seconds: it goes on. */
export function listenTrouble(log: Logger): (error: Error) => void {
  const tell = rarely(10_000);
  return (err) =>
    tell((more) => log.error({ event: 'listen_trouble', err, more }, 'a connection was not taken'));
}
