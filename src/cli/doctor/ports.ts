import { createServer } from 'node:net';
import type { Config } from '../../config/load.ts';
import { StartError } from '../serve/start-error.ts';
import type { Check } from './checks.ts';

/** What answers on the admin port. */
type Running = 'ready' | 'not ready' | 'nothing';

/** How long the admin port has to answer, in ms. */
const patience = 3000;

/** Both ports: free, or in use by a livestill that answers on the admin port. */
export async function checkPorts(config: Config): Promise<readonly Check[]> {
  const running = await readiness(config.adminHost, config.adminPort);
  return [
    await checkPort('port', config.host, config.port, running),
    await checkPort('admin port', config.adminHost, config.adminPort, running),
  ];
}

async function checkPort(name: string, host: string, port: number, running: Running): Promise<Check> {
  if (port === 0) return { name, status: 'ok', found: '0: any free one is taken', advice: null };
  const place = `${port} on ${host}`;
  const cause = await tryListening(host, port);
  if (cause === null) return { name, status: 'ok', found: `${place} is free`, advice: null };
  if (cause.code === 'EADDRINUSE' && running === 'ready') {
    return { name, status: 'ok', found: `${place} is in use; a livestill runs and is ready`, advice: null };
  }
  if (cause.code === 'EADDRINUSE' && running === 'not ready') {
    return {
      name,
      status: 'fail',
      found: `${place} is in use; a livestill runs and is not ready`,
      advice: 'Read its log; GET /readyz of the admin port names the check that fails.',
    };
  }
  const { message } = StartError.ofListening(name, host, port, cause);
  const cut = message.search(/[:;] (?=stop|choose|check)/);
  return cut === -1
    ? { name, status: 'fail', found: message, advice: 'Check the address and the port.' }
    : { name, status: 'fail', found: message.slice(0, cut), advice: sentence(message.slice(cut + 2)) };
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
      signal: AbortSignal.timeout(patience),
      redirect: 'error',
    });
    const { status } = (await answer.json()) as { readonly status?: unknown };
    if (status === 'ready') return 'ready';
    return status === 'not ready' ? 'not ready' : 'nothing';
  } catch {
    return 'nothing';
  }
}
