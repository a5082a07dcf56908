/** One call of the database, of the thread before it or of Redis that has ended. */
export interface StoreCall {
  /** From asking to the answer, waiting for a connection included. */
  readonly seconds: number;
  /** Why it failed; null: it did not. */
  readonly failure: string | null;
}

/** How calls of a store do, as this process sees them. */
export interface CallHealth {
  /** Calls that are not answered yet. */
  waiting(): number;
  /** From now on called with each call that has ended; it must not throw. */
  listen(heard: (call: StoreCall) => void): void;
}

/** How a shared store does, as this node sees it. */
export interface StoreHealth {
  /** The name of this node. */
  readonly node: string;
  /** Connections in use and idle, and calls that wait for one, now. */
  connections(): Readonly<Record<'used' | 'idle' | 'waiting', number>>;
  /** From now on called with each call that has ended; it must not throw. */
  listen(heard: (call: StoreCall) => void): void;
}
