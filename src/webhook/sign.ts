import { createHmac } from 'node:crypto';

/**
 * The secret that an app's webhooks are signed with, made of the installation's: no app can sign for another.
 */
export function appWebhookSecret(installation: string, appid: string): string {
  return `whs_${createHmac('sha256', installation).update(`livestill webhook ${appid}`).digest('base64url')}`;
}

/** The settings that webhooks of batches are signed by. */
export interface BatchSecrets {
  readonly batch: { readonly webhookSecret: string | null };
  readonly webhook: { readonly secret: string | null };
}

/**
 * What the webhooks of an app's batches are signed with: the key that batches have of their own, else the
 * app's secret, as for sessions. Null where there is neither.
 */
export function batchSecretOf({ batch, webhook }: BatchSecrets): ((appid: string) => string) | null {
  const { webhookSecret } = batch;
  if (webhookSecret !== null) return () => webhookSecret;
  const { secret } = webhook;
  return secret === null ? null : (appid) => appWebhookSecret(secret, appid);
}

/**
 * What the header `Livestill-Signature` holds: the time in seconds since 1970, and HMAC-SHA256 (hex) over the
 * time, a dot and the body. A receiver refuses what is older than some minutes.
 */
export function webhookSignature(secret: string, seconds: number, body: string): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}
