import { InputError } from './errors.ts';
import type { SessionEvent } from './types.ts';

/** How a webhook is checked. */
export interface WebhookOptions {
  /** `webhookSecret` of `createSession`: the same for every session of an app. */
  readonly secret: string;
  /** Oldest and newest that is taken, in seconds from now; 300. */
  readonly tolerance?: number;
}

/**
 * Checks the signature of a webhook with Web Crypto, and reads it. A call may come more than once.
 * @param body as received, before anything parses it
 * @param signature the header `Livestill-Signature`
 * @throws {InputError} when there is no secret, when it was not signed with it, is too old, or is no event
 */
export async function verifyWebhook(
  body: string,
  signature: string | null | undefined,
  { secret, tolerance = 300 }: WebhookOptions,
): Promise<SessionEvent> {
  // Plain JavaScript passes null on where a session has no webhook: anybody could sign with that.
  if (typeof secret !== 'string' || secret === '') {
    throw new InputError('a webhook is checked with its secret, a text that is not empty');
  }
  const [, time = '', digest = ''] = /^t=(\d{1,12}),v1=([0-9a-f]{64})$/.exec(signature ?? '') ?? [];
  if (digest === '') throw new InputError('the webhook has no signature');
  const encoder = new TextEncoder();
  const hash = { name: 'HMAC', hash: 'SHA-256' };
  const key = await crypto.subtle.importKey('raw', encoder.encode(secret), hash, false, ['verify']);
  const mac = Uint8Array.from({ length: 32 }, (_, at) =>
    Number.parseInt(digest.slice(2 * at, 2 * at + 2), 16),
  );
  const isRight = await crypto.subtle.verify('HMAC', key, mac, encoder.encode(`${time}.${body}`));
  if (!isRight) throw new InputError('the signature of the webhook is wrong');
  const age = Math.abs(Date.now() / 1000 - Number(time));
  // So written, a tolerance that is no number takes nothing.
  if (!(age <= tolerance)) throw new InputError('the webhook is too old');
  const event = JSON.parse(body) as SessionEvent;
  if (event.event !== 'session.ended') throw new InputError('the webhook is of another kind');
  return event;
}
