import { signal } from '@preact/signals';

/** A line that is shown for a few seconds. */
export interface Toast {
  readonly id: number;
  readonly text: string;
}

/** What is said at this moment. */
export const toasts = signal<readonly Toast[]>([]);
let count = 0;

/** Says for a few seconds that something was done. What went wrong stays where it was done instead. */
export function say(text: string): void {
  const id = ++count;
  toasts.value = [...toasts.value, { id, text }].slice(-3);
  setTimeout(() => {
    toasts.value = toasts.value.filter((one) => one.id !== id);
  }, 5000);
}
