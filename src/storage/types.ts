/** An object of S3-compatible storage, or what begins with a key. */
export interface ObjectPlace {
  readonly bucket: string;
  readonly key: string;
}

/** An object of a listing. */
export interface ListedObject {
  readonly key: string;
  readonly bytes: number;
}

/** What is known of an object that is there. */
export interface ObjectFacts {
  readonly bytes: number;
  /** What `write` was given for it; empty where there is nothing. */
  readonly mark: string;
}

/**
 * S3-compatible storage. Every call rejects with a `Fault` `storage_unavailable`: `s3_refused` (the keys, or
 * what they may do), `s3_no_bucket`, `s3_unreachable` (also after several tries), and with an AbortError when
 * its signal aborts.
 */
export interface ObjectStore {
  /**
   * A picture's bytes, in memory of their own.
   * @throws {Fault} `download_refused`: `http_404`, `http_403`, `too_large`, `empty`, `bad_url`, …
   */
  read(place: ObjectPlace, signal: AbortSignal): Promise<Uint8Array>;
  /** All objects whose keys begin with this one, in the order of the keys, a page at a time in memory. */
  list(prefix: ObjectPlace, signal: AbortSignal): AsyncIterable<ListedObject>;
  /** Null where there is no such object. */
  find(place: ObjectPlace, signal: AbortSignal): Promise<ObjectFacts | null>;
  /**
   * Writes a file as an object, in parts where it is large; the object is there whole or not at all.
   */
  write(place: ObjectPlace, file: string, what: ObjectKind, signal: AbortSignal): Promise<void>;
}

/** What an object is written as. */
export interface ObjectKind {
  readonly contentType: string;
  /** Kept with the object: ASCII letters, digits, hyphens. */
  readonly mark: string;
}
