import type { FastifyInstance } from 'fastify';

/**
 * Lets a server listen. Not the framework's own `listen`, which for `localhost` makes a second server that knows nothing of
 * what was set up on the first.
 * @returns the port it got (port 0 takes any free one)
 * @throws Error with Node's `code` (`EADDRINUSE`, `EACCES`, `EADDRNOTAVAIL`, …)
 */
export async function listenOn(app: FastifyInstance, host: string, port: number): Promise<number> {
  await app.ready();
  await new Promise<void>((resolve, reject) => {
    app.server.once('error', reject);
    app.server.listen({ host, port }, () => {
      app.server.off('error', reject);
      resolve();
    });
  });
  const address = app.server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}
