/**
 * Clients of livestill, for Node, Deno, Bun and browsers: no dependency, nothing of Node's own.
 *
 * @example
 * import { LivestillClient } from 'livestill/client';
 *
 * const client = new LivestillClient({ baseUrl: 'http://127.0.0.1:8787', apiKey: 'lsk_…' });
 * const { verdict, reasons } = await client.judge(file);
 */
export type { CallOptions, TransportOptions } from './attempt.ts';
export { type JudgeOptions, LivestillClient, type LivestillClientOptions } from './client.ts';
export {
  ApiError,
  ConnectionError,
  InputError,
  LegacyError,
  LivestillError,
  TimeoutError,
} from './errors.ts';
export { LegacyClient, type LegacyClientOptions, type LegacyScore } from './legacy-client.ts';
export { type LegacySignature, legacySign } from './legacy-sign.ts';
export type { Picture } from './picture.ts';
export type * from './types.ts';
export { verifyWebhook, type WebhookOptions } from './webhook.ts';
