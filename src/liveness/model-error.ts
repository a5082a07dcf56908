/**
 * A model that cannot be used: missing file, wrong inputs or outputs, an invalid card. The message says what
 * to do.
 */
export class ModelError extends Error {
  /** The file or card at fault. */
  readonly file: string;

  constructor(file: string, message: string, options?: { readonly cause: unknown }) {
    super(`${file}: ${message}`, options);
    this.name = 'ModelError';
    this.file = file;
  }
}
