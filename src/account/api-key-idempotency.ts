/** An answer as it is kept for a repeated request. */
export interface KeptAnswer {
  readonly http: number;
  readonly contentType: string;
  readonly body: string;
}

/** Whose request, under which `Idempotency-Key`. */
export interface IdempotencyScope {
  readonly appid: string;
  readonly key: string;
}

/** What is known of a key when a request with it arrives. */
export type IdempotencyState =
  /** Nothing: the request is now in progress under `token`. */
  | { readonly kind: 'begun'; readonly token: string }
  /** The same request was answered. */
  | { readonly kind: 'answered'; readonly answer: KeptAnswer }
  /** The same request is in progress. */
  | { readonly kind: 'running' }
  /** The key stood for another request. */
  | { readonly kind: 'other' };

/** Durable memory of requests with an `Idempotency-Key`. Rejects with a `Fault` of code 108 when the store does not answer. */
export interface IdempotencyStore {
  /**
   * Look a key up, and begin the request where the key is new, over, or held by a request that must have died. Two
   * simultaneous calls never both begin.
   *
   * @param fingerprint hex digest of what makes requests the same
   * @param holdUntil until when the request counts as in progress when nothing more is heard of it
   */
  beginIdempotent(
    scope: IdempotencyScope,
    fingerprint: string,
    now: Date,
    holdUntil: Date,
  ): Promise<IdempotencyState>;
  /** Keep the answer until `until`; on disk when the promise resolves. Nothing happens where `token` lost its hold. */
  finishIdempotent(scope: IdempotencyScope, token: string, answer: KeptAnswer, until: Date): Promise<void>;
  /** Forget the request, so that the next one with the key begins anew. */
  releaseIdempotent(scope: IdempotencyScope, token: string): Promise<void>;
}
