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

/** Kept answers that were forgotten before their time, since a share was full. */
export interface ShortenedMemory {
  /** Whose answers: the app with a full share, or the one that has most where all together are too many. */
  readonly appid: string;
  readonly answers: number;
  /** Its oldest kept answer was made at this moment, or later. */
  readonly keptSince: Date;
}

/**
 * How much may be kept. A row is an answer or a request in progress; bytes count its texts and what the row
 * itself takes.
 */
export interface IdempotencyBounds {
  readonly rowsPerApp: number;
  readonly bytesPerApp: number;
  /** Of all apps together. */
  readonly rows: number;
  readonly bytes: number;
}

/** What is known of a key when a request with it arrives. */
export type IdempotencyState =
  /**
   * Nothing: the request is now in progress under `token`. `shortened`: what had to be forgotten before its
   * time for it.
   */
  | { readonly kind: 'begun'; readonly token: string; readonly shortened?: ShortenedMemory }
  /** The same request was answered. */
  | { readonly kind: 'answered'; readonly answer: KeptAnswer }
  /** The same request is in progress. */
  | { readonly kind: 'running' }
  /** The key stood for another request. */
  | { readonly kind: 'other' };

/**
 * Durable memory of requests with an `Idempotency-Key`. Rejects with a `Fault` `state_unavailable` when the
 * store does not answer.
 */
export interface IdempotencyStore {
  /**
   * Look a key up, and begin the request where the key is new, over, or held by a request that must have
   * died. Two simultaneous calls never both begin. Where the app's share is full, the app's oldest answers
   * are dropped; where all together are too many, those of the app that has most do. An app below its share
   * never loses an answer before its time.
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
  /**
   * Keep the answer, made `now`, until `until`; on disk when the promise resolves. Nothing happens where
   * `token` lost its hold.
   */
  finishIdempotent(
    scope: IdempotencyScope,
    token: string,
    answer: KeptAnswer,
    now: Date,
    until: Date,
  ): Promise<void>;
  /** Forget the request, so that the next one with the key begins anew. */
  releaseIdempotent(scope: IdempotencyScope, token: string): Promise<void>;
}
