/** What was done to the tables of an older version. */
export interface MigratedSteps {
  /** The last step that they had been through before. */
  readonly from: string;
  readonly steps: readonly string[];
}

/** What became of the tables of an older version. */
export interface Migrated extends MigratedSteps {
  /** The backup made before; null where none was wanted. */
  readonly backup: string | null;
}
