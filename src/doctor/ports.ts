import { createServer } from 'node:net';
import type { Config } from '../config/load.ts';
import { type Check, fail, ok } from './check.ts';
import { listeningProblem } from './listening.ts';

/** What answers on the admin port. */
type Running = 'ready' | 'not ready' | 'nothing';

/** How long the admin port has to answer, in ms. */
const PATIENCE_MS = 3000;

/** Both ports: free, or in use by a livestill that answers on the admin port. */
export async function checkPorts(config: Config): Promise<readonly Check[]> {
  const running = await readiness(config.adminHost, config.adminPort);
  return [
    await checkPort('port', config.host, config.port, running),
    await checkPort('admin port', config.adminHost, config.adminPort, running),
  ];
}

async function checkPort(name: string, host: string, port: number, running: Running): Promise<Check> {
  if (port === 0) return ok(name, '0: any free one is taken');
  const place = `${port} on ${host}`;
  const cause = await tryListening(host, port);
  if (cause === null) return ok(name, `${place} is free`);
  if (cause.code === 'EADDRINUSE' && running === 'ready') {
    return ok(name, `${place} is in use; a livestill runs and is ready`);
  }
  if (cause.code === 'EADDRINUSE' && running === 'not ready') {
    return fail(
      name,
      `${place} is in use; a livestill runs and is not ready`,
      'Read its log; GET /readyz of the admin port names the check that fails.',
    );
  }
  const { found, advice } = listeningProblem(name, host, port, cause.code ?? 'unknown');
  return fail(name, found, advice === null ? 'Check the address and the port.' : sentence(advice));
}

function sentence(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** Takes the port for a moment; null when that went well. */
function tryListening(host: string, port: number): Promise<NodeJS.ErrnoException | null> {
  return new Promise((done) => {
    const server = createServer();
    server.once('error', done);
    server.listen({ host, port }, () => server.close(() => done(null)));
  });
}

/** Asks `/readyz` of the admin port, over the loopback where it listens on every address. */
async function readiness(host: string, port: number): Promise<Running> {
  if (port === 0) return 'nothing';
  const reachable = host === '0.0.0.0' ? '127.0.0.1' : host === '::' ? '::1' : host;
  const authority = reachable.includes(':') ? `[${reachable}]` : reachable;
  try {
    const answer = await fetch(`http://${authority}:${port}/readyz`, {
      signal: AbortSignal.timeout(PATIENCE_MS),
      redirect: 'error',
    });
    const { status } = (await answer.json()) as { readonly status?: unknown };
    if (status === 'ready') return 'ready';
    return status === 'not ready' ? 'not ready' : 'nothing';
  } catch {
    return 'nothing';
  }
}
