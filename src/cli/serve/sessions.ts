import type { Logger } from 'pino';
import type { Config } from '../../config/load.ts';
import { createPoster } from '../../picture/download/post.ts';
import type { Store } from '../../store/open.ts';
import type { Traces } from '../../traces/types.ts';
import { type DeliveryDeps, deliverDue } from '../../webhook/deliver.ts';
import type { Observer } from '../../wire/decision/observer.ts';
import type { SessionFigures } from '../../wire/metrics/sessions.ts';

/** What goes on beside the requests. */
export interface SessionUpkeep {
  /** The figures as they were a moment ago; null while they are not known. */
  seen(): SessionFigures | null;
  /** Resolves once nothing is under way any more. */
  stop(): Promise<void>;
}

/** Who hears of what happens. */
export interface SeenBy {
  readonly observer: Observer;
  readonly traces: Traces | undefined;
}

const EVERY_MS = 1000;
const MOST_ENDED = 200;
/** How often the figures are asked for, in ms: a page of metrics asks the store for nothing. */
const LOOK_EVERY_MS = 10_000;

/** Ends sessions whose time is over, and makes the calls that are due; troubles stand in the log. */
export function startSessionUpkeep(config: Config, log: Logger, store: Store, seenBy: SeenBy): SessionUpkeep {
  const clock = () => Date.now();
  const { observer } = seenBy;
  const delivery = deliveryOf(config, log, store, { clock, ...seenBy });
  let seen: SessionFigures | null = null;
  let lookedAt = Number.NEGATIVE_INFINITY;
  const look = async () => {
    if (performance.now() - lookedAt < LOOK_EVERY_MS) return;
    lookedAt = performance.now();
    seen = await figuresOf(store, clock()).catch(() => null);
  };
  let isStopped = false;
  let told = false;
  let running = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  const expire = async (): Promise<void> => {
    const expired = await store.sessions.expireSessions(clock(), MOST_ENDED);
    if (expired > 0) observer.sessionEnded('expired', expired);
  };
  const deliver = async (): Promise<void> => {
    if (delivery !== null) while (!isStopped && (await deliverDue(delivery)) > 0);
  };
  const once = async (): Promise<void> => {
    // Trouble with sessions keeps no call back.
    const works = await Promise.allSettled([expire(), deliver()]);
    const trouble = works.find((work) => work.status === 'rejected');
    if (trouble !== undefined && !told)
      log.error(
        { event: 'session_upkeep_failed', err: trouble.reason },
        'sessions are not ended, webhooks not sent',
      );
    told = trouble !== undefined;
    await look();
    if (!isStopped) timer = setTimeout(next, EVERY_MS).unref();
  };
  const next = () => {
    running = once();
  };
  timer = setTimeout(next, EVERY_MS).unref();
  return {
    seen: () => seen,
    async stop() {
      isStopped = true;
      clearTimeout(timer);
      await running;
    },
  };
}

async function figuresOf({ sessions, webhooks }: Store, now: number): Promise<SessionFigures> {
  const [open, queue] = await Promise.all([sessions.countOpenSessions(now), webhooks.webhookQueue(now)]);
  return { open, webhooks: queue };
}

function deliveryOf(
  config: Config,
  log: Logger,
  store: Store,
  { clock, observer, traces }: SeenBy & { readonly clock: () => number },
): DeliveryDeps | null {
  const { secret } = config.webhook;
  if (secret === null) return null;
  const { download, picture } = config;
  return {
    webhooks: store.webhooks,
    poster: createPoster({ ...download, maxBytes: picture.maxBytes }),
    secret,
    clock,
    traces,
    onCalled: ({ id, appid, tries }, end) => {
      observer.webhookCalled(end.kind);
      log[end.kind === 'given_up' ? 'error' : 'info'](
        { event: 'webhook', id, appid, tries, end: end.kind, reason: 'why' in end ? end.why : null },
        'a webhook was called',
      );
    },
  };
}
