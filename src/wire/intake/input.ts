/**
 * One input as it stood in the body, before anybody asked whether it is allowed: `absent` (missing, null or
 * empty), `text`, `bytes` (a multipart part), or `wrong` (a JSON value that is neither text nor null).
 */
export type Input =
  | { readonly kind: 'absent' }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array }
  | { readonly kind: 'wrong'; readonly found: string };

/**
 * The members of a body that mean something here; all others are ignored. The v1 API has image and url alone.
 */
export interface BodyMembers {
  /** As text, trimmed; null when the body has none. */
  readonly appid: string | null;
  readonly image: Input;
  readonly url: Input;
  /** The `sign` member, null where there is none; whether it counts is a setting. */
  readonly sign: string | null;
  /** The stills of a body with several, in their order; the v1 API alone looks at them. */
  readonly stills?: Stills | undefined;
}

/** Several pictures of one body: themselves, or where they are. */
export interface Stills {
  readonly name: 'images' | 'urls';
  readonly inputs: readonly Input[];
}

/** An input that is not there. */
export const ABSENT: Input = { kind: 'absent' };
