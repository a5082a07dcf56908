/** How a Redis or Valkey server is reached and used. */
export interface RedisSettings {
  /** `redis://user:password@host:port/database`, `rediss://` over TLS. */
  readonly url: string;
  /** Stands in for the password of the url; null: the url's own. */
  readonly password: string | null;
  /**
   * PEM file with the authorities that may have signed the server's certificate; null: those that Node.js
   * trusts.
   */
  readonly caFile: string | null;
  /** What every key begins with. */
  readonly prefix: string;
  /** How long a connection, or one command, may take, in ms. */
  readonly timeoutMs: number;
  /** How long a single-use signature is remembered from its `t` on, in ms. */
  readonly signatureLifeMs: number;
  /** How far its `t` may lie ahead of its use, in ms. */
  readonly signatureSkewMs: number;
}
