import { setTimeout as sleep } from 'node:timers/promises';
import { asFault, UsageError } from '../faults.ts';
import type { Poster } from '../picture/download/post.ts';
import type { Traces } from '../traces/types.ts';
import { afterFailure } from '../webhook/schedule.ts';
import { webhookSignature } from '../webhook/sign.ts';
import { triedCall } from '../webhook/span.ts';
import { webhookUrlProblem } from '../webhook/url.ts';
import type { BatchStatus, BatchStore } from './types.ts';

/** For so long a call that is under way is nobody else's, in ms. */
const CALL_MS = 60_000;

/**
 * Sees whether a url can be called when a batch is over; where it leads is looked at when it is called.
 * @throws {UsageError} `webhook_off`, `webhook_url`
 */
export function checkWebhook(url: string, isSigned: boolean): string {
  if (!isSigned) {
    throw new UsageError(
      'webhook_off',
      'this installation signs no webhooks: set LIVESTILL_WEBHOOK_SECRET on it and on its workers',
    );
  }
  const problem = webhookUrlProblem(url);
  if (problem !== null) throw new UsageError('webhook_url', `the webhook: ${problem}`);
  return url;
}

/** The body of the call: how the batch ended. */
export function webhookBody(status: BatchStatus): string {
  const { batchId, appid, name, state, pictures, judged, refused, failed, createdAt, finishedAt } = status;
  const results = status.resultsState === 'written' ? status.results : null;
  return JSON.stringify({
    event: 'batch.finished',
    batch: { batchId, appid, name, state, pictures, judged, refused, failed, createdAt, finishedAt, results },
  });
}

/** What webhooks are called with. */
export interface WebhookDeps {
  readonly batches: BatchStore;
  readonly poster: Poster;
  /** What the webhooks of an app are signed with. */
  readonly secretOf: (appid: string) => string;
  /** Milliseconds since 1970. */
  readonly clock: () => number;
  readonly pollMs: number;
  readonly onCalled: (status: BatchStatus, ended: 'delivered' | 'given_up' | 'retry', why: string) => void;
  readonly onTrouble: (error: unknown) => void;
  /** Takes the span of each try; none: nobody asked for them. */
  readonly traces?: Traces | undefined;
}

/** Calls webhooks that are due, one after the other, until `stop` aborts. */
export async function runWebhooks(deps: WebhookDeps, stop: AbortSignal): Promise<void> {
  while (!stop.aborted) {
    const isBusy = await callOne(deps).catch((error: unknown) => {
      deps.onTrouble(error);
      return false;
    });
    if (!isBusy) await sleep(deps.pollMs, undefined, { signal: stop }).catch(() => {});
  }
}

/** Calls the webhook that is due; false where none is. */
export async function callOne(deps: WebhookDeps): Promise<boolean> {
  const due = await deps.batches.takeWebhook(CALL_MS);
  if (due === null) return false;
  const { status, tries, traceparent } = due;
  const body = webhookBody(status);
  const seconds = Math.floor(deps.clock() / 1000);
  const headers = {
    'content-type': 'application/json; charset=utf-8',
    'livestill-signature': webhookSignature(deps.secretOf(status.appid), seconds, body),
  };
  const from = performance.now();
  let answered: number | null = null;
  let reason: string | null = null;
  try {
    answered = await deps.poster.post(new URL(status.webhook ?? ''), {
      headers,
      body: Buffer.from(body),
    });
  } catch (error) {
    reason = asFault(error).reason;
  }
  const to = performance.now();
  const why = reason ?? `status ${answered}`;
  const isDelivered = answered !== null && answered >= 200 && answered < 300;
  const end = isDelivered ? ({ kind: 'delivered' } as const) : afterFailure(tries, 0, why);
  const tried = {
    of: 'batch',
    tries,
    end: end.kind,
    status: answered,
    reason,
    from,
    to,
    traceparent,
  } as const;
  deps.traces?.add(triedCall(tried, { 'livestill.batch_id': status.batchId }));
  await deps.batches.finishWebhook(status.batchId, end.kind === 'retry' ? end.at : end.kind);
  deps.onCalled(status, end.kind, why);
  return true;
}
