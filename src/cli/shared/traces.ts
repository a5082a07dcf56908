import type { Logger } from 'pino';
import type { Config } from '../../config/load.ts';
import { tracesUrl } from '../../traces/endpoint.ts';
import type { Traces } from '../../traces/types.ts';
import { version } from './version.ts';

/**
 * Opens traces where the configuration asks for them; else nothing of them is loaded.
 * @param node the name of this node; none: it has no name
 * @throws {UsageError} `traces_missing` when their packages are not installed
 */
export async function tracesOf(
  { traces }: Pick<Config, 'traces'>,
  log: Logger,
  node: string | undefined,
): Promise<Traces | undefined> {
  const { endpoint, authorization, ratio, trustParent, appid } = traces;
  if (endpoint === null) return undefined;
  const { openTraces } = await import('../../traces/opentelemetry.ts');
  return openTraces({
    url: tracesUrl(endpoint),
    authorization,
    ratio,
    trustParent,
    namesApps: appid,
    version,
    node,
    onTrouble: (err) =>
      log.warn({ event: 'traces_trouble', err }, 'spans are not taken; requests are not affected'),
  });
}
