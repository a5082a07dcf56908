/** A call to be made: kept until it is delivered or given up. */
export interface WebhookCall {
  /** What it is about, such as `session:ses_…`; one call each. */
  readonly id: string;
  readonly appid: string;
  readonly url: string;
  /** JSON. */
  readonly body: string;
  /** Tries so far, this one included. */
  readonly tries: number;
  /** Of the request that it goes on with the trace of; null: it had none. */
  readonly traceparent: string | null;
}

/** How one try ended. */
export type WebhookEnd =
  | { readonly kind: 'delivered' }
  | { readonly kind: 'retry'; readonly at: number; readonly why: string }
  | { readonly kind: 'given_up'; readonly why: string };

/** How far a call has come. */
export interface WebhookStatus {
  readonly state: 'waiting' | 'delivered' | 'given_up';
  readonly tries: number;
  /** Why the last try failed; null: it did not. */
  readonly lastFailure: string | null;
}

/** Calls that are still to be made. */
export interface WebhookQueue {
  readonly waiting: number;
  /** Since when the oldest waits, by the end of its session, in seconds; 0: none waits. */
  readonly oldestSeconds: number;
}

/**
 * Where calls are kept, in the transaction of what they tell of. Rejects with a `Fault` `state_unavailable`.
 */
export interface WebhookStore {
  /** At most `limit` calls that are due; for `holdMs` they are nobody else's. */
  takeWebhooks(now: number, holdMs: number, limit: number): Promise<readonly WebhookCall[]>;
  endWebhook(id: string, end: WebhookEnd, now: number): Promise<void>;
  findWebhook(id: string): Promise<WebhookStatus | null>;
  /** What is still to be made. */
  webhookQueue(now: number): Promise<WebhookQueue>;
}
