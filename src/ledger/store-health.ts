/** One call of the database that has ended. */
export interface StoreCall {
  /** From asking to the answer, waiting for a connection included. */
  readonly seconds: number;
  /** Why it failed; null: it did not. */
  readonly failure: string | null;
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
