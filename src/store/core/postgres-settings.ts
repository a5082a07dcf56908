/** How a PostgreSQL database is reached and used. */
export interface PostgresSettings {
  /**
   * `postgres://user:password@host:port/database`; `sslmode` and `host` (a folder with the server's socket)
   * may follow behind `?`.
   */
  readonly url: string;
  /** Stands in for the password of the url; null: the url's own. */
  readonly password: string | null;
  /**
   * PEM file with the authorities that may have signed the server's certificate; null: those that Node.js
   * trusts.
   */
  readonly caFile: string | null;
  /** Most connections at the same time. */
  readonly poolSize: number;
  /** How long a connection, or a free one of the pool, is waited for, in ms. */
  readonly connectTimeoutMs: number;
  /** How long one statement may take, waiting for locks included, in ms. */
  readonly statementTimeoutMs: number;
  /** Bring older tables up to date at the start rather than refuse it. */
  readonly migrateAtStart: boolean;
}
