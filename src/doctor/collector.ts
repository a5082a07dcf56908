import { reasonOf } from '../console/oidc/guarded-fetch.ts';
import { tracesUrl } from '../traces/endpoint.ts';
import { type Check, ok, warn } from './check.ts';

const NAME = 'trace collector';
const TIMEOUT_MS = 10_000;

/** Whether the collector takes an export without spans. Requests never depend on it: nothing here fails. */
export async function checkCollector(
  endpoint: string,
  authorization: string | null,
  fetch: (url: string, init: RequestInit) => Promise<Response>,
): Promise<Check> {
  const url = tracesUrl(endpoint);
  try {
    const { status, body } = await fetch(url, {
      method: 'POST',
      body: '{"resourceSpans":[]}',
      headers: {
        'content-type': 'application/json',
        ...(authorization === null ? {} : { authorization }),
      },
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    await body?.cancel();
    if (status === 200) return ok(NAME, `${url} takes exports`);
    return warn(NAME, `${url} answered ${status}`, adviceFor(status));
  } catch (error) {
    return warn(
      NAME,
      `${url}: ${reasonOf(error)}`,
      'Check traces.endpoint, the network, and whether the collector runs. Spans are lost meanwhile, requests are not.',
    );
  }
}

function adviceFor(status: number): string {
  if (status === 401 || status === 403) return 'Correct traces.authorization.';
  if (status === 404 || status === 405)
    return 'Correct the path of traces.endpoint: it is not where the collector takes OTLP over HTTP.';
  return 'Look at the log of the collector.';
}
