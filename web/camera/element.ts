import { Capture } from './capture.ts';
import type { Advice } from './hints.ts';
import { iconOf } from './icons.ts';
import type { CameraState, ErrorKind, HintKind } from './kinds.ts';
import {
  begunAnew,
  errorProblem,
  HIDDEN,
  keepsStills,
  type Problem,
  refusalProblem,
  uploadProblem,
} from './problem.ts';
import { nameOf, RefusalError } from './refusal.ts';
import { SeriesError } from './still.ts';
import { type Texts, textsFor } from './texts.ts';
import type {
  LivestillCameraEventMap,
  Reading,
  Series,
  SeriesFacts,
  SessionAccess,
  UploadedDetail,
} from './types.ts';
import { SessionUpload, UploadError } from './upload.ts';
import { View } from './view.ts';
import { buttonOf, messageOf } from './words.ts';

/** Presses this soon after the button changed were meant for what it was before, in milliseconds. */
const DOUBLE_PRESS = 400;

/** Where pages are rendered on a server there are no elements: importing must not fail there. */
const Base = (globalThis.HTMLElement ?? class {}) as typeof HTMLElement;

/**
 * `<livestill-camera>`: asks for the camera, helps with hints, takes two to five stills and turns the camera off again.
 *
 * @example
 * import 'livestill/camera';
 *
 * const camera = document.querySelector('livestill-camera');
 * camera.addEventListener('stills', ({ detail }) => upload(detail.stills));
 */
export class LivestillCamera extends Base {
  static readonly observedAttributes = ['lang', 'reason', 'auto', 'session-url', 'session-token'] as const;

  readonly #view: View;
  #state: CameraState = 'idle';
  #changedAt = 0;
  #current: { readonly capture: Capture; readonly opened: Promise<boolean> } | null = null;
  #problem: Problem | null = null;
  #hint: HintKind | null = null;
  #upload: SessionUpload | null = null;
  #sending: AbortController | null = null;
  /** Stills that a session did not get and may get yet. */
  #unsent: Series | null = null;

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    this.#view = new View(root, { main: () => this.#pressed(), cancel: () => this.stop() });
  }

  /** What the component is doing; also the attribute `state`, for style sheets. */
  get state(): CameraState {
    return this.#state;
  }

  /** Whether the stills are taken without the button once all is steady. The attribute counts as absent where it says `false`. */
  get auto(): boolean {
    return this.hasAttribute('auto') && this.getAttribute('auto') !== 'false';
  }
  set auto(value: boolean) {
    this.toggleAttribute('auto', value);
  }

  /** How many stills are taken: 2 to 5, 3 where nothing else is said. */
  get stills(): number {
    const given = Number.parseInt(this.getAttribute('stills') ?? '', 10);
    return Number.isNaN(given) ? 3 : Math.min(5, Math.max(2, given));
  }
  set stills(value: number) {
    this.setAttribute('stills', String(value));
  }

  /** Why the picture is needed, in words for the person; shown before the camera is asked for. */
  get reason(): string {
    return this.getAttribute('reason') ?? '';
  }
  set reason(value: string) {
    this.setAttribute('reason', value);
  }

  /** `light` or `dark`; anything else follows the browser. */
  get theme(): string {
    return this.getAttribute('theme') ?? '';
  }
  set theme(value: string) {
    this.setAttribute('theme', value);
  }

  /**
   * Where the stills are uploaded, and with which token; also as the attributes `session-url` and
   * `session-token`. Null: they are only handed over. Where one is over or was uploaded to, setting another begins anew.
   */
  get session(): SessionAccess | null {
    const [url, token] = [this.getAttribute('session-url'), this.getAttribute('session-token')];
    return this.#upload?.access ?? (url === null || token === null ? null : { url, token });
  }
  set session(value: SessionAccess | null) {
    const { url = '', token = '' } = this.#upload?.access ?? {};
    // Frameworks set what they have each time they render; the key of a session that was started must stay.
    if (value?.url === url && value.token === token) return;
    const problem = this.#problem?.ofSession ? this.#problem : null;
    this.#sending?.abort();
    this.#upload = value === null ? null : new SessionUpload(value);
    if (problem === null && this.#state !== 'uploading' && this.#state !== 'sent') return;
    this.#unsent = null;
    this.#view.clearPictures();
    this.#problem = problem === null ? null : begunAnew(problem);
    this.#go('idle');
  }

  /**
   * Asks for the camera and shows the preview. The promise tells whether it is on; why not is told by `refused`.
   * @throws an InvalidStateError where the element is in no document
   */
  start(): Promise<boolean> {
    if (!this.isConnected) return Promise.reject(new DOMException('not in a document', 'InvalidStateError'));
    if (this.#current !== null) return this.#current.opened;
    const capture = new Capture(this.#view.video, {
      advice: (advice, reading) => this.#advise(advice, reading),
      broken: (kind) => this.#broken(kind),
      taken: (index) => this.#view.keepPicture(index, this.#texts),
    });
    const opened = this.#open(capture);
    this.#current = { capture, opened };
    this.#hint = null;
    this.#unsent = null;
    this.#go('asking');
    return opened;
  }

  /** Turns the camera off and goes back to the beginning. */
  stop(): void {
    this.#release();
    this.#sending?.abort();
    this.#unsent = null;
    this.#problem = null;
    this.#view.clearPictures();
    if (this.#state !== 'idle') this.#go('idle');
  }

  /**
   * Takes the stills now, whatever the hints say, hands them over (also as `stills`) and turns the camera off.
   * @throws an InvalidStateError where the camera is not on, an AbortError where it is turned off meanwhile, an Error named SeriesError
   * where it fails (also told by `error`)
   */
  take(): Promise<Series> {
    return this.#take('method');
  }

  override addEventListener<K extends keyof LivestillCameraEventMap>(
    type: K,
    listener: (this: LivestillCamera, event: LivestillCameraEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener<K extends keyof HTMLElementEventMap>(
    type: K,
    listener: (this: HTMLElement, event: HTMLElementEventMap[K]) => unknown,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: EventListenerOrEventListenerObject | null,
    options?: boolean | AddEventListenerOptions,
  ): void;
  override addEventListener(
    type: string,
    listener: unknown,
    options?: boolean | AddEventListenerOptions,
  ): void {
    super.addEventListener(type, listener as EventListener, options);
  }

  /** @internal */
  connectedCallback(): void {
    // Properties that were set before the element was defined hide the accessors.
    for (const name of ['auto', 'stills', 'reason', 'theme', 'session'] as const) {
      if (!Object.hasOwn(this, name)) continue;
      const value: unknown = this[name];
      delete (this as Record<string, unknown>)[name];
      Object.assign(this, { [name]: value });
    }
    document.addEventListener('visibilitychange', this.#hidden);
    addEventListener('pagehide', this.#left);
    this.#go(this.#state);
  }

  /** @internal */
  disconnectedCallback(): void {
    document.removeEventListener('visibilitychange', this.#hidden);
    removeEventListener('pagehide', this.#left);
    this.stop();
    this.#view.quiet();
  }

  /** @internal */
  attributeChangedCallback(name: string): void {
    if (name.startsWith('session-')) this.session = null;
    if (this.isConnected) this.#show();
  }

  get #texts(): Texts {
    const near = this.closest<HTMLElement>('[lang]')?.lang || document.documentElement.lang;
    return textsFor(near || navigator.language);
  }

  async #open(capture: Capture): Promise<boolean> {
    try {
      await capture.open();
    } catch (error) {
      if (this.#current?.capture === capture) this.#refused(error);
      return false;
    }
    if (this.#current?.capture !== capture) return false;
    if (document.hidden) {
      this.#left();
      return false;
    }
    this.#go('live');
    return true;
  }

  async #take(startedBy: SeriesFacts['startedBy']): Promise<Series> {
    const capture = this.#current?.capture;
    if (capture === undefined || this.#state !== 'live') {
      throw new DOMException('the camera is not on', 'InvalidStateError');
    }
    this.#go('taking');
    try {
      const series = await capture.take(this.stills, startedBy);
      if (this.#current?.capture !== capture) throw new DOMException('turned off', 'AbortError');
      this.#current = null;
      const { session } = this;
      this.#go(session === null ? 'done' : 'uploading');
      this.#tell('stills', series);
      if (session !== null) void this.#send(series, session);
      return series;
    } catch (error) {
      if (error instanceof SeriesError && this.#current?.capture === capture) this.#broken(error.kind);
      throw error;
    }
  }

  async #send(series: Series, session: SessionAccess): Promise<void> {
    this.#upload ??= new SessionUpload(session);
    const sending = new AbortController();
    this.#sending = sending;
    this.#unsent = null;
    try {
      const progress = (sent: number, of: number) => {
        this.#view.showSent(sent);
        this.#tell('progress', { sent, of });
      };
      const found = await this.#upload.send(series, this.#texts.lang, progress, sending.signal);
      if (sending.signal.aborted) return;
      this.#uploaded(found);
    } catch (error) {
      if (sending.signal.aborted) return;
      const { kind, reason } = error instanceof UploadError ? error : new UploadError('upload_failed');
      if (keepsStills(kind)) this.#unsent = series;
      this.#broken(kind, reason);
    }
  }

  #uploaded(found: UploadedDetail): void {
    this.#problem = uploadProblem(found);
    if (this.#problem !== null) this.#view.clearPictures();
    this.#go(this.#problem === null ? 'sent' : 'refused');
    this.#tell('uploaded', found);
  }

  #pressed(): void {
    if (performance.now() - this.#changedAt < DOUBLE_PRESS) return;
    const { session } = this;
    if (this.#state === 'live') this.#take('button').catch(ignore);
    else if (this.#unsent !== null && session !== null) {
      this.#go('uploading');
      void this.#send(this.#unsent, session);
    } else if (!['asking', 'taking', 'uploading'].includes(this.#state)) this.start().catch(ignore);
  }

  #advise({ hint, held }: Advice, reading: Reading | null): void {
    if (this.#state !== 'live') return;
    const text = this.#hintText(hint, this.#texts);
    this.#view.hint(text, hint === 'ready', this.auto ? held : 0);
    if (hint !== this.#hint) {
      this.#hint = hint;
      this.#view.announce(text);
      this.#tell('hint', { kind: hint, text, reading });
    }
    if (this.auto && held >= 1 && this.#state === 'live') this.#take('auto').catch(ignore);
  }

  #refused(error: unknown): void {
    const { kind, cause } =
      error instanceof RefusalError ? error.refusal : { kind: 'failed' as const, cause: nameOf(error) };
    this.#release();
    this.#problem = refusalProblem(kind);
    this.#go('refused');
    const { retryable } = this.#problem;
    this.#tell('refused', { kind, cause, retryable, text: this.#texts.refusals[kind].text });
  }

  #broken(kind: ErrorKind, cause: string | null = null): void {
    this.#release();
    this.#problem = errorProblem(kind);
    if (!keepsStills(kind)) this.#view.clearPictures();
    this.#go('refused');
    const { retryable } = this.#problem;
    this.#tell('error', { kind, text: this.#texts.errors[kind].text, retryable, cause });
  }

  /** A page in the background needs no camera. While permission is asked for, some systems hide the page themselves. */
  readonly #hidden = (): void => {
    if (document.hidden && this.#state !== 'asking') this.#left();
  };

  readonly #left = (): void => {
    if (this.#current === null) return;
    this.#release();
    this.#view.clearPictures();
    this.#problem = HIDDEN;
    this.#go('idle');
  };

  #release(): void {
    this.#current?.capture.close();
    this.#current = null;
  }

  #go(state: CameraState): void {
    const changed = state !== this.#state;
    if (state === 'asking' || state === 'done' || state === 'uploading') this.#problem = null;
    this.#state = state;
    this.setAttribute('state', state);
    if (changed) this.#changedAt = performance.now();
    this.#show();
    if (!changed) return;
    this.#announce();
    this.#tell('statechange', { state });
  }

  #show(): void {
    const texts = this.#texts;
    const state = this.#state;
    this.#view.show({
      state,
      texts,
      message: messageOf(state, this.#problem, texts, this.reason),
      icon: this.#problem?.icon ?? iconOf(state),
      button: buttonOf(state, this.#problem, texts),
    });
    if (state === 'taking') this.#view.hint(texts.taking, true, 1);
    else if (state === 'asking') this.#view.hint(texts.hints.no_face, false, 0);
    else if (state === 'live' && this.#hint !== null) this.#view.rename(this.#hintText(this.#hint, texts));
  }

  #hintText(hint: HintKind, texts: Texts): string {
    return hint === 'ready' && !this.auto ? texts.readyForButton : texts.hints[hint];
  }

  #announce(): void {
    const texts = this.#texts;
    const { title, text } = messageOf(this.#state, this.#problem, texts, this.reason);
    if (this.#state === 'taking') this.#view.announce(texts.taking, true);
    else if (this.#state !== 'live') this.#view.announce(`${title}. ${text}`, true);
  }

  #tell<K extends keyof LivestillCameraEventMap>(
    name: K,
    detail: LivestillCameraEventMap[K] extends CustomEvent<infer D> ? D : never,
  ): void {
    this.dispatchEvent(new CustomEvent(name, { detail }));
  }
}

/** What goes wrong is told by events; a press of a button has nobody else who waits for it. */
function ignore(): void {}

declare global {
  interface HTMLElementTagNameMap {
    'livestill-camera': LivestillCamera;
  }
}
