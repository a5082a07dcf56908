import type { WebhookQueue } from '../../webhook/types.ts';
import type { Kit } from './registry.ts';

/** Sessions and webhooks as they were a moment ago. */
export interface SessionFigures {
  readonly open: number;
  readonly webhooks: WebhookQueue;
}

/** The figures of sessions: of the whole installation, the same on every node. */
export function watchSessions(kit: Kit, seen: () => SessionFigures | null): void {
  kit.looked('sessions_open', 'Sessions that take stills.', () => seen()?.open ?? null);
  kit.looked(
    'webhooks_waiting',
    'Calls of webhooks of sessions that are still to be made.',
    () => seen()?.webhooks.waiting ?? null,
  );
  kit.looked(
    'webhook_oldest_waiting_seconds',
    'Since when the call waits that does so for longest; 0: none waits.',
    () => seen()?.webhooks.oldestSeconds ?? null,
  );
}
