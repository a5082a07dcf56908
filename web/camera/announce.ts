/** Milliseconds from one announcement to the next. */
const PAUSE = 2500;

/** A live region that says at most one thing every few seconds, and then the newest. */
export class Announcer {
  readonly #region: HTMLElement;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #last = -PAUSE;
  #waiting = '';

  constructor(region: HTMLElement) {
    this.#region = region;
  }

  /** Says a text; at once where it is `urgent` or nothing was said for a while. The same text is not said twice in a row. */
  say(text: string, urgent = false): void {
    this.#waiting = text;
    const left = urgent ? 0 : this.#last + PAUSE - performance.now();
    clearTimeout(this.#timer);
    if (left <= 0) this.#speak();
    else this.#timer = setTimeout(() => this.#speak(), left);
  }

  /** Forgets what waits. */
  stop(): void {
    clearTimeout(this.#timer);
  }

  #speak(): void {
    if (this.#region.textContent === this.#waiting) return;
    this.#last = performance.now();
    this.#region.textContent = this.#waiting;
  }
}
