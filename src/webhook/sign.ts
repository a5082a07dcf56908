import { createHmac } from 'node:crypto';

/**
 * The secret that an app's webhooks are signed with, made of the installation's: no app can sign for another.
 */
export function appWebhookSecret(installation: string, appid: string): string {
  return `whs_${createHmac('sha256', installation).update(`livestill webhook ${appid}`).digest('base64url')}`;
}

/**
 * What the header `Livestill-Signature` holds: the time in seconds since 1970, and HMAC-SHA256 (hex) over the
 * time, a dot and the body. A receiver refuses what is older than some minutes.
 */
export function webhookSignature(secret: string, seconds: number, body: string): string {
  return `t=${seconds},v1=${createHmac('sha256', secret).update(`${seconds}.${body}`).digest('hex')}`;
}
