import { asFault } from '../faults.ts';
import type { Poster } from '../picture/download/post.ts';
import type { Traces } from '../traces/types.ts';
import { afterFailure } from './schedule.ts';
import { appWebhookSecret, webhookSignature } from './sign.ts';
import { type Tried, triedCall } from './span.ts';
import type { WebhookCall, WebhookEnd, WebhookStore } from './types.ts';

/** For so long a call under way is nobody else's, in ms. */
const HOLD_MS = 180_000;
/** Calls made at the same moment by one node. */
const AT_ONCE = 4;

/** What calls are made with. */
export interface DeliveryDeps {
  readonly webhooks: Pick<WebhookStore, 'takeWebhooks' | 'endWebhook'>;
  /** Guarded as downloads are. */
  readonly poster: Poster;
  /** The installation's secret. */
  readonly secret: string;
  /** Ms since 1970. */
  readonly clock: () => number;
  readonly onCalled?: (call: WebhookCall, end: WebhookEnd) => void;
  /** Takes the span of each try; none: nobody asked for them. */
  readonly traces?: Traces | undefined;
}

/**
 * Makes the calls that are due; how many. A receiver has to answer with 2xx.
 * @throws {Fault} `state_unavailable`
 */
export async function deliverDue(deps: DeliveryDeps): Promise<number> {
  const due = await deps.webhooks.takeWebhooks(deps.clock(), HOLD_MS, AT_ONCE);
  await Promise.all(
    due.map(async (call) => {
      const { end, tried } = await callOnce(deps, call);
      deps.traces?.add(triedCall(tried));
      await deps.webhooks.endWebhook(call.id, end, deps.clock());
      deps.onCalled?.(call, end);
    }),
  );
  return due.length;
}

/** How a try ended, and what its span tells of it. */
interface Once {
  readonly end: WebhookEnd;
  readonly tried: Tried;
}

async function callOnce({ poster, secret, clock }: DeliveryDeps, call: WebhookCall): Promise<Once> {
  const { id, appid, url, body, tries, traceparent } = call;
  const seconds = Math.floor(clock() / 1000);
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'livestill-webhook-id': id,
    'livestill-signature': webhookSignature(appWebhookSecret(secret, appid), seconds, body),
  };
  const from = performance.now();
  let status: number | null = null;
  let reason: string | null = null;
  try {
    status = await poster.post(new URL(url), { headers, body: Buffer.from(body) });
  } catch (error) {
    reason = asFault(error).reason;
  }
  const isDelivered = status !== null && status >= 200 && status < 300;
  const end: WebhookEnd = isDelivered
    ? { kind: 'delivered' }
    : afterFailure(tries, clock(), reason ?? `status ${status}`);
  const to = performance.now();
  return { end, tried: { of: 'session', tries, end: end.kind, status, reason, from, to, traceparent } };
}
