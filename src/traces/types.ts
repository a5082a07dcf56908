/** What may stand beside a span: nothing that names a person, a picture, an address or a url. */
export type Attributes = Readonly<Record<string, string | number | boolean>>;

/** A stretch of time with a name, by `performance.now()`, and those within it. */
export interface Span {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  readonly attributes?: Attributes;
  readonly parts?: readonly Span[];
}

/** Work that stands at the top of what this process did for somebody. */
export interface Work extends Span {
  /** `server`: it answers a request; `client`: it makes one. */
  readonly kind: 'server' | 'client' | 'internal';
  /** The header `traceparent` of the request, as it came. */
  readonly traceparent?: string | undefined;
  /** The `traceparent` of own work that this goes on with, as it was kept. */
  readonly within?: string | null;
  /** Whether it failed by a fault of the service. */
  readonly failed: boolean;
}

/** Work that is handed over piece by piece, since it goes on for long. */
export interface OpenWork {
  /** A part of it is over. */
  add(part: Span): void;
  end(attributes: Attributes, failed: boolean): void;
}

/** A request that has work of others come of it, begun so that they can name it. */
export interface OpenCall {
  /** The `traceparent` that names this request, whether it is sampled or not. */
  readonly traceparent: string;
  /** It is over. @returns its trace id; null where it is not sampled */
  end(work: Work): string | null;
}

/** What became of the spans so far. */
export interface SpanCounts {
  /** Made, and sampled. */
  readonly made: number;
  readonly exported: number;
  /** Those that the collector did not take. */
  readonly failed: number;
}

/** Takes the spans of this process. Nothing here waits or throws. */
export interface Traces {
  /** Whether spans may have the attribute `livestill.app`. */
  readonly namesApps: boolean;
  /** Takes work that is over. @returns its trace id; null where it is not sampled */
  add(work: Work): string | null;
  /**
   * Begins work at this moment.
   * @param within the `traceparent` of own work that this goes on with, as it was kept
   */
  begin(name: string, attributes: Attributes, within?: string | null): OpenWork;
  /**
   * Begins a request; null where that failed.
   * @param traceparent the request's header
   * @param from when it came, by `performance.now()`
   */
  beginCall(traceparent: string | undefined, from: number): OpenCall | null;
  readonly counts: SpanCounts;
  /** Sends what is still here, for some seconds at most. */
  stop(): Promise<void>;
}
