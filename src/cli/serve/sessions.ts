import type { Logger } from 'pino';
import type { Config } from '../../config/load.ts';
import { createPoster } from '../../picture/download/post.ts';
import type { Store } from '../../store/open.ts';
import { type DeliveryDeps, deliverDue } from '../../webhook/deliver.ts';

/** What goes on beside the requests. */
export interface SessionUpkeep {
  /** Resolves once nothing is under way any more. */
  stop(): Promise<void>;
}

const EVERY_MS = 1000;
const MOST_ENDED = 200;

/** Ends sessions whose time is over, and makes the calls that are due; troubles stand in the log. */
export function startSessionUpkeep(config: Config, log: Logger, store: Store): SessionUpkeep {
  const clock = () => Date.now();
  const delivery = deliveryOf(config, log, store, clock);
  let isStopped = false;
  let told = false;
  let running = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const once = async (): Promise<void> => {
    try {
      await store.sessions.expireSessions(clock(), MOST_ENDED);
      if (delivery !== null) while (!isStopped && (await deliverDue(delivery)) > 0);
      told = false;
    } catch (err) {
      if (!told)
        log.error({ event: 'session_upkeep_failed', err }, 'sessions are not ended, webhooks not sent');
      told = true;
    }
    if (!isStopped) timer = setTimeout(next, EVERY_MS).unref();
  };
  const next = () => {
    running = once();
  };
  timer = setTimeout(next, EVERY_MS).unref();
  return {
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

function deliveryOf(config: Config, log: Logger, store: Store, clock: () => number): DeliveryDeps | null {
  const { secret } = config.webhook;
  if (secret === null) return null;
  const { download, picture } = config;
  return {
    webhooks: store.webhooks,
    poster: createPoster({ ...download, maxBytes: picture.maxBytes }),
    secret,
    clock,
    onCalled: ({ id, appid, tries }, end) =>
      log[end.kind === 'given_up' ? 'error' : 'info'](
        { event: 'webhook', id, appid, tries, end: end.kind, reason: 'why' in end ? end.why : null },
        'a webhook was called',
      ),
  };
}
