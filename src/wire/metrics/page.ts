import { watchLoop } from './event-loop.ts';
import { createKit, type Kit } from './registry.ts';

/** A page in Prometheus' text format. */
export interface MetricsPage {
  readonly contentType: string;
  text(): Promise<string>;
}

/** Whose page it is: the service's, or that of a process that works on batches. */
export type Role = 'service' | 'worker';

export interface MetricsOptions {
  /** Of livestill. */
  readonly version: string;
  /** The name of this node in a shared store; without it the label is missing. */
  readonly node?: string | undefined;
  /**
   * Called with the error of a figure that could not be taken; it is missing on the page, all others are
   * there.
   */
  readonly onTrouble: (error: unknown) => void;
}

/** A page with what every process has on it, and what adds figures to it. */
export interface OpenPage extends MetricsPage {
  readonly kit: Kit;
  stop(): void;
}

/** Opens the page of a process: its version, name and role, and how late its main thread is. */
export function openPage(role: Role, { version, node, onTrouble }: MetricsOptions): OpenPage {
  const kit = createKit(onTrouble);
  const loop = watchLoop();
  kit
    .gauge('build_info', 'Version of livestill, name of the node and its role; the value is always 1.', [
      'version',
      'node',
      'role',
    ])
    .set({ version, role, ...(node === undefined ? {} : { node }) }, 1);
  const delay = 'Delay of the event loop of the main thread over the last one to two minutes';
  kit.looked('event_loop_delay_p50_seconds', `${delay}, median.`, () => loop.read().p50);
  kit.looked('event_loop_delay_p99_seconds', `${delay}, 99th percentile.`, () => loop.read().p99);
  kit.looked('event_loop_delay_max_seconds', `${delay}, longest.`, () => loop.read().max);
  return { kit, contentType: kit.contentType, text: kit.text, stop: () => loop.stop() };
}
