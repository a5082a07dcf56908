import { Announcer } from './announce.ts';
import { makeCanvas } from './canvas.ts';
import { html, svg } from './dom.ts';
import { frameArea, OVAL } from './geometry.ts';
import { type IconName, icon } from './icons.ts';
import type { CameraState } from './kinds.ts';
import { style } from './style.ts';
import type { Message, Texts } from './texts.ts';

const [WIDTH, HEIGHT] = [300, 400];
const [THUMB_WIDTH, THUMB_HEIGHT] = [180, 240];

/** Everything that is shown apart from the hints. */
export interface Shown {
  readonly state: CameraState;
  readonly texts: Texts;
  /** Above the button where the camera does not show a picture. */
  readonly message: Message;
  readonly icon: IconName;
  /** What stands on the main button; null where there is nothing to press. */
  readonly button: string | null;
}

/** What the person did. */
export interface Presses {
  readonly main: () => void;
  readonly cancel: () => void;
}

/** The oval from its top, clockwise. */
function ovalPath(): string {
  const [x, y, rx, ry] = [OVAL.x * WIDTH, OVAL.y * HEIGHT, OVAL.rx * WIDTH, OVAL.ry * HEIGHT];
  return `M${x} ${y - ry}a${rx} ${ry} 0 0 1 0 ${2 * ry}a${rx} ${ry} 0 0 1 0 ${-2 * ry}Z`;
}

function guide(progress: SVGElement): SVGSVGElement {
  const hole = `M0 0H${WIDTH}V${HEIGHT}H0Z${ovalPath()}`;
  return svg(
    'svg',
    { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: 'guide', part: 'guide', 'aria-hidden': 'true' },
    svg('path', { d: hole, class: 'scrim', 'fill-rule': 'evenodd' }),
    svg('path', { d: ovalPath(), class: 'oval', part: 'oval' }),
    progress,
  );
}

/** What the component shows, inside its shadow root. */
export class View {
  /** The preview; mirrored by the style sheet alone. */
  readonly video = html('video', {
    class: 'preview',
    part: 'preview',
    'aria-hidden': 'true',
    tabindex: '-1',
  });
  readonly #root: ShadowRoot;
  readonly #progress = svg('path', { d: ovalPath(), class: 'progress', part: 'progress', pathLength: '1' });
  readonly #hint = html('p', { class: 'hint', part: 'hint', 'aria-hidden': 'true' });
  readonly #symbol = html('div', { class: 'symbol', part: 'symbol' });
  readonly #title = html('p', { class: 'title', part: 'title' });
  readonly #text = html('p', { class: 'text', part: 'text' });
  readonly #tips = html('ul', { class: 'tips', part: 'tips' });
  readonly #privacy = html('p', { class: 'privacy', part: 'privacy' });
  readonly #pictures = html('div', { class: 'pictures', part: 'pictures' });
  readonly #message = html('div', { class: 'message', part: 'message', tabindex: '-1' });
  readonly #flash = html('div', { class: 'flash' });
  readonly #main = html('button', { type: 'button', class: 'main', part: 'button main-button' });
  readonly #cancel = html('button', { type: 'button', class: 'cancel', part: 'button cancel-button' });
  readonly #card: HTMLElement;
  readonly #announcer: Announcer;

  constructor(root: ShadowRoot, presses: Presses) {
    this.#root = root;
    root.adoptedStyleSheets = [style()];
    Object.assign(this.video, {
      muted: true,
      playsInline: true,
      autoplay: true,
      disablePictureInPicture: true,
    });
    const region = html('p', { class: 'announcer', role: 'status', 'aria-live': 'polite' });
    this.#announcer = new Announcer(region);
    this.#message.append(this.#symbol, this.#title, this.#text, this.#pictures, this.#tips, this.#privacy);
    const screen = html(
      'div',
      { class: 'screen' },
      this.video,
      guide(this.#progress),
      this.#flash,
      this.#hint,
    );
    const frame = html('div', { class: 'frame', part: 'frame' }, screen, this.#message);
    const actions = html('div', { class: 'actions', part: 'actions' }, this.#cancel, this.#main);
    this.#card = html('div', { class: 'card', part: 'card', role: 'group' }, frame, actions, region);
    root.append(this.#card);
    this.#main.addEventListener('click', presses.main);
    this.#cancel.addEventListener('click', presses.cancel);
  }

  /** Shows a state. Where the focused button goes, the other takes the focus, or the message. */
  show({ state, texts, message, icon: symbol, button }: Shown): void {
    const { activeElement } = this.#root;
    const started = ['asking', 'live', 'taking', 'uploading'].includes(state);
    this.#card.dataset.state = state;
    this.#card.lang = texts.lang;
    this.#card.setAttribute('aria-label', texts.name);
    this.#symbol.replaceChildren(icon(symbol));
    this.#card.dataset.icon = symbol;
    this.#title.textContent = message.title;
    this.#text.textContent = message.text;
    this.#tips.replaceChildren(...texts.tips.map((tip) => html('li', {}, icon('tip'), tip)));
    this.#privacy.replaceChildren(icon('lock'), texts.privacy);
    this.#cancel.textContent = texts.buttons.cancel;
    this.#main.textContent = button;
    this.#main.hidden = button === null;
    this.#main.setAttribute('aria-disabled', String(['asking', 'taking', 'uploading'].includes(state)));
    this.#cancel.hidden = !started;
    const gone = activeElement === this.#cancel ? !started : activeElement === this.#main && button === null;
    if (gone) (button === null ? this.#message : this.#main).focus();
    this.#namePictures(texts);
  }

  /** Says a text to screen readers. */
  announce(text: string, urgent = false): void {
    this.#announcer.say(text, urgent);
  }

  /** Shows a hint over the preview, with the share of the time of holding still that is over. */
  hint(text: string, good: boolean, held: number): void {
    if (this.#hint.textContent !== text) this.#hint.textContent = text;
    this.#card.dataset.hint = good ? 'good' : 'advice';
    this.#card.toggleAttribute('data-holding', held > 0);
    this.#progress.style.strokeDashoffset = String(1 - held);
  }

  /** Says the hint that is shown in other words. */
  rename(text: string): void {
    this.#hint.textContent = text;
  }

  /** Keeps a small picture of what the video shows now; the first of a series clears those before. */
  keepPicture(index: number, texts: Texts): void {
    if (index === 0) this.clearPictures();
    const { canvas, context } = makeCanvas(THUMB_WIDTH, THUMB_HEIGHT);
    const { x, y, width, height } = frameArea(this.video.videoWidth, this.video.videoHeight);
    context?.drawImage(this.video, x, y, width, height, 0, 0, THUMB_WIDTH, THUMB_HEIGHT);
    canvas.setAttribute('role', 'img');
    canvas.setAttribute('part', 'picture');
    this.#pictures.append(canvas);
    this.#namePictures(texts);
    this.#flash.classList.remove('on');
    // Reading a size makes the browser notice that the class was away.
    void this.#flash.offsetWidth;
    this.#flash.classList.add('on');
  }

  /** Shows which of the pictures have been sent. */
  showSent(count: number): void {
    for (const [index, picture] of Array.from(this.#pictures.children).entries()) {
      picture.classList.toggle('sent', index < count);
    }
  }

  clearPictures(): void {
    this.#pictures.replaceChildren();
  }

  /** Forgets what waits to be said. */
  quiet(): void {
    this.#announcer.stop();
  }

  #namePictures(texts: Texts): void {
    for (const [index, picture] of Array.from(this.#pictures.children).entries()) {
      picture.setAttribute('aria-label', texts.picture.replace('{n}', String(index + 1)));
    }
  }
}
