/** Why the console, or its API, does not let somebody do something. */
export type RefusalCode =
  | 'sign_in_needed'
  | 'sign_in_failed'
  | 'code_needed'
  | 'code_wrong'
  | 'locked'
  | 'busy'
  | 'too_many_calls'
  | 'csrf_token_wrong'
  | 'not_permitted'
  | 'proof_needed'
  | 'link_unusable'
  | 'password_wrong'
  | 'passkey_refused'
  | 'oidc_failed'
  | 'oidc_refused'
  | 'oidc_unavailable';

/** A refusal that is an answer to a person and no mistake of the program. */
export class Refusal extends Error {
  readonly code: RefusalCode;
  /** Seconds after which another try makes sense. */
  readonly retryAfter: number | undefined;
  /** What the log says of it; the person is not told. */
  readonly detail: string | undefined;

  constructor(code: RefusalCode, message: string, retryAfter?: number, detail?: string) {
    super(message);
    this.name = 'Refusal';
    this.code = code;
    this.retryAfter = retryAfter;
    this.detail = detail;
  }
}
