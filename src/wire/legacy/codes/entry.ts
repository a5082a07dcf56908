/** One text in both languages of the documentation. */
export interface Bilingual {
  readonly en: string;
  readonly zh: string;
}

/** One wire code: what it means, how it is answered, what the caller should do. */
export interface CatalogueEntry {
  readonly code: number;
  /** Short constant, for logs and metrics. */
  readonly name: string;
  /** HTTP status it is answered with (code 3 has a second one, see `variantsOf`). */
  readonly http: number;
  /** `message` member of the reply (code 3 has two more, code 21 names the parameter). */
  readonly message: string;
  /** Chinese meaning. */
  readonly zh: string;
  /** English meaning. */
  readonly en: string;
  /** Whether `POST /face/livedetectpicture` ever answers it. */
  readonly sent: boolean;
  /** What the caller should do. */
  readonly action: Bilingual;
}
