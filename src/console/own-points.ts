/** The operating points that were uploaded for this installation. */
export interface OwnPoints {
  /** JSON of the table that `GET /v1/operating-points` answers. */
  readonly text: string;
  readonly at: Date;
  /** Who uploaded them: the name of a user, or the id of an admin key. */
  readonly by: string;
}

/** What is uploaded; `summary` stands in the log of changes. */
export interface NewOwnPoints {
  readonly text: string;
  readonly by: string;
  readonly summary: Readonly<Record<string, unknown>>;
}

/** Reads the operating points of this installation. */
export interface OwnPointsStore {
  findOwnPoints(): Promise<OwnPoints | null>;
}

/** Changes the operating points of this installation. */
export interface OwnPointsAdmin {
  /** Takes the place of those before; null: none are kept any more. */
  setOwnPoints(points: NewOwnPoints | null): Promise<void>;
}
