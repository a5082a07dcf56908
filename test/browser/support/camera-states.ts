import type { Page } from 'playwright-core';

/** What the page's stage does; set by the tests, read by the stand-ins of `standIns`. */
interface Stage {
  /** What asking for the camera leads to: its picture, no answer, or the browser's error of this name. */
  camera: string;
  /** What the page may do afterwards, as `navigator.permissions` tells. */
  permission: PermissionState;
  /** Filter of a canvas on the camera's picture, as in `brightness(0.2)`. */
  filter: string;
  /** How far the picture moves from frame to frame, in pixels. */
  sway: number;
  /** Light of the surroundings of the oval is added up to white. */
  backlight: boolean;
  /** Faces that the browser's detector finds: centre and width in shares of the frame. */
  faces: readonly (readonly [x: number, y: number, width: number])[];
  /** Waiting as it is, cut short, or without an end. */
  pace: 'real' | 'fast' | 'endless';
  /** No frame comes. */
  frozen: boolean;
  /** JPEGs cannot be made. */
  noJpeg: boolean;
}

declare global {
  interface Window {
    stage: Stage;
    /** Kinds of the refusals, errors and uploads so far. */
    ends: string[];
    /** The newest hint. */
    hinted: string;
  }
}

/** Size of the camera that the page sees, and of the frame in it. */
const [WIDTH, HEIGHT] = [960, 720];

/** The stage where nothing is said. */
const USUAL: Stage = {
  camera: 'picture',
  permission: 'granted',
  filter: 'none',
  sway: 0,
  backlight: false,
  faces: [[0.5, 0.47, 0.5]],
  pace: 'real',
  frozen: false,
  noJpeg: false,
};

/**
 * Runs in the page before everything else: between the browser's camera and the page stands a canvas that darkens, blurs and moves
 * the picture as `window.stage` says, and refuses the camera, finds faces and keeps time by it.
 */
function standIns([width, height, usual]: readonly [number, number, Stage]): void {
  window.stage = usual;
  const later = window.setTimeout.bind(window);
  const paced = (wait: number) => {
    if (wait < 200 || wait > 20_000 || window.stage.pace === 'real') return wait;
    return window.stage.pace === 'fast' ? 1 : 3_600_000;
  };
  Object.assign(window, { setTimeout: (run: () => void, wait = 0) => later(run, paced(wait)) });
  const { mediaDevices, permissions } = navigator;
  const ask = mediaDevices.getUserMedia.bind(mediaDevices);
  permissions.query = async () => ({ state: window.stage.permission }) as PermissionStatus;
  const { toBlob } = HTMLCanvasElement.prototype;
  HTMLCanvasElement.prototype.toBlob = function (done, ...rest) {
    if (window.stage.noJpeg) later(() => done(null), 0);
    else toBlob.call(this, done, ...rest);
  };
  mediaDevices.getUserMedia = async (constraints) => {
    const { camera } = window.stage;
    if (camera === 'waiting') return new Promise(() => {});
    if (camera !== 'picture') throw new DOMException('', camera);
    const real = await ask(constraints);
    const video = document.createElement('video');
    Object.assign(video, { muted: true, srcObject: real });
    await video.play();
    const canvas = document.createElement('canvas');
    Object.assign(canvas, { width, height });
    const context = canvas.getContext('2d') as CanvasRenderingContext2D;
    let turn = 0;
    const timer = setInterval(() => {
      const { filter, sway, backlight, frozen } = window.stage;
      if (frozen) return;
      turn += 1;
      context.filter = filter;
      // A little of it also where a person holds still, so that no two frames are equal; by chance, since readings may keep step with turns.
      context.drawImage(video, Math.random() * sway + ((turn % 3) - 1) * 0.5, 0, width, height);
      context.filter = 'none';
      if (!backlight) return;
      context.beginPath();
      context.rect(0, 0, width, height);
      context.ellipse(width / 2, height * 0.47, height * 0.235, height * 0.31, 0, 0, 2 * Math.PI);
      context.fillStyle = '#fff';
      context.fill('evenodd');
    }, 50);
    const stream = canvas.captureStream(20);
    const [track] = stream.getVideoTracks();
    const stop = track.stop.bind(track);
    track.stop = () => {
      stop();
      clearInterval(timer);
      for (const one of real.getTracks()) one.stop();
    };
    return stream;
  };
  Object.assign(window, {
    FaceDetector: class {
      async detect() {
        const shown = height * 0.75;
        return window.stage.faces.map(([x, y, share]) => {
          const size = share * shown;
          const left = (width - shown) / 2 + x * shown - size / 2;
          return { boundingBox: new DOMRect(left, y * height - size / 2, size, size) };
        });
      }
    },
  });
}

/** A state of the component, and how a page comes to it from the one before. */
export interface StateToSee {
  readonly name: string;
  reach(page: Page): Promise<void>;
}

const SESSION = { url: 'https://liveness.invalid/v1/sessions/ses_1', token: 'lst_1' };

/** The answers of the service in turn: an HTTP status, or the members of a progress. The last is repeated. */
type Answers = readonly (number | 'never' | 'gone' | Readonly<Record<string, unknown>>)[];

/** Opens a page of the component with stand-ins, before it is loaded. */
export async function stage(page: Page): Promise<void> {
  await page.addInitScript(standIns, [WIDTH, HEIGHT, USUAL] as const);
}

const reached = (page: Page, state: string) => page.locator(`livestill-camera[state=${state}]`).waitFor();

/** Waits until the component has told this kind of refusal or error, or this state of an upload. */
async function told(page: Page, kind: string): Promise<void> {
  await page.waitForFunction((wanted) => window.ends.at(-1) === wanted, kind);
}

/** Back to the beginning, with the camera as it is where nothing is said. */
async function begin(page: Page, scene: Partial<Stage> = {}): Promise<void> {
  await page.evaluate(
    (next) => {
      const camera = document.querySelector('livestill-camera');
      camera?.stop();
      if (camera !== null) camera.session = null;
      if (window.ends === undefined) {
        camera?.addEventListener('refused', ({ detail }) => window.ends.push(detail.kind));
        camera?.addEventListener('error', ({ detail }) => window.ends.push(detail.kind));
        camera?.addEventListener('hint', ({ detail }) => Object.assign(window, { hinted: detail.kind }));
        camera?.addEventListener('uploaded', ({ detail }) => window.ends.push(detail.state));
      }
      Object.assign(window, { ends: [], hinted: '' });
      Object.assign(window.stage, next);
    },
    { ...USUAL, ...scene },
  );
}

async function start(page: Page, scene: Partial<Stage> = {}): Promise<void> {
  await begin(page, scene);
  await page.evaluate(() => void document.querySelector('livestill-camera')?.start());
}

/** Starts the camera and waits for its picture. */
async function startLive(page: Page): Promise<void> {
  await start(page);
  await reached(page, 'live');
}

/** A hint, reached by a scene. */
function hint(kind: string, scene: Partial<Stage>, event?: string): StateToSee {
  return {
    name: `live-${kind}`,
    async reach(page) {
      await startLive(page);
      await page.evaluate(
        ([next, type]) => {
          Object.assign(window.stage, next);
          const video = document.querySelector('livestill-camera')?.shadowRoot?.querySelector('video');
          const stream = video?.srcObject as MediaStream | null | undefined;
          if (type !== undefined) stream?.getVideoTracks()[0].dispatchEvent(new Event(type));
        },
        [scene, event] as const,
      );
      await page.waitForFunction((wanted) => window.hinted === wanted, kind);
    },
  };
}

/** A camera that is not to be had. */
function refusal(kind: string, scene: Partial<Stage>): StateToSee {
  return {
    name: `refused-${kind}`,
    async reach(page) {
      await start(page, scene);
      await told(page, kind);
    },
  };
}

/** A refusal that the component knows before it asks; `stand` makes it so and gives what undoes it. */
function known(kind: string, stand: () => void, undo: () => void): StateToSee {
  return {
    name: `refused-${kind}`,
    async reach(page) {
      await begin(page);
      await page.evaluate(stand);
      await page.evaluate(() => document.querySelector('livestill-camera')?.start());
      await page.evaluate(undo);
      await told(page, kind);
    },
  };
}

/** A camera that breaks off while it is on. */
function broken(kind: string, scene: Partial<Stage>, event: string | null): StateToSee {
  return {
    name: `error-${kind}`,
    async reach(page) {
      await startLive(page);
      await page.evaluate(
        ([next, type]) => {
          Object.assign(window.stage, next);
          const camera = document.querySelector('livestill-camera');
          const video = camera?.shadowRoot?.querySelector('video');
          const stream = video?.srcObject as MediaStream | null | undefined;
          if (type !== null) stream?.getVideoTracks()[0].dispatchEvent(new Event(type));
          else camera?.take().catch(() => {});
        },
        [scene, event] as const,
      );
      await told(page, kind);
    },
  };
}

/** An upload with these answers of the service. */
function upload(name: string, kind: string | null, answers: Answers): StateToSee {
  return {
    name,
    async reach(page) {
      await page.unrouteAll({ behavior: 'ignoreErrors' });
      const left = [...answers];
      await page.route(`${SESSION.url}/**`, async (route) => {
        const answer = left.length > 1 ? left.shift() : left[0];
        const headers = { 'access-control-allow-origin': '*' };
        if (answer === 'never') return;
        if (answer === 'gone' || answer === undefined) return route.abort();
        if (typeof answer === 'number')
          return route.fulfill({ status: answer, headers, json: answer === 409 ? { reason: 'over' } : {} });
        const json = { nonce: 'n', stillsLeft: 3, triesLeft: 3, hints: [], ...answer };
        return route.fulfill({ headers, json });
      });
      await startLive(page);
      await page.evaluate((session) => {
        const camera = document.querySelector('livestill-camera');
        camera?.addEventListener('stills', () => Object.assign(window.stage, { pace: 'fast' }), {
          once: true,
        });
        if (camera !== null) camera.session = session;
        camera?.take().catch(() => {});
      }, SESSION);
      await (kind === null ? reached(page, 'uploading') : told(page, kind));
    },
  };
}

const MORE = { state: 'more' };
const ADVICE = [
  { code: 'FACE_SMALL', text: 'The face is small.', advice: 'Come closer to the camera.' },
  {
    code: 'DARK',
    text: 'The picture is dark.',
    advice: 'Find more light; a lamp or a window in front of you helps.',
  },
];

/** Every state of the component, in the order in which a page walks through them. */
export const STATES: readonly StateToSee[] = [
  { name: 'idle', reach: (page) => begin(page) },
  {
    name: 'idle-hidden',
    async reach(page) {
      await startLive(page);
      await page.evaluate(() => dispatchEvent(new PageTransitionEvent('pagehide')));
      await reached(page, 'idle');
    },
  },
  { name: 'asking', reach: (page) => start(page, { camera: 'waiting' }) },
  hint('no_signal', {}, 'mute'),
  hint('too_dark', { filter: 'brightness(0.15)' }),
  hint('no_face', { faces: [] }),
  hint('several_faces', {
    faces: [
      [0.5, 0.47, 0.5],
      [0.2, 0.5, 0.4],
    ],
  }),
  hint('too_far', { faces: [[0.5, 0.47, 0.2]] }),
  hint('too_close', { faces: [[0.5, 0.47, 0.8]] }),
  hint('off_centre', { faces: [[0.7, 0.47, 0.5]] }),
  hint('too_bright', { filter: 'brightness(9)' }),
  hint('backlit', { filter: 'brightness(0.5)', backlight: true }),
  hint('moving', { sway: 140 }),
  hint('blurred', { filter: 'blur(14px)' }),
  hint('ready', {}),
  {
    name: 'taking',
    async reach(page) {
      await startLive(page);
      await page.evaluate(() => {
        window.stage.pace = 'endless';
        const camera = document.querySelector('livestill-camera');
        camera?.take().catch(() => {});
      });
      await reached(page, 'taking');
    },
  },
  {
    name: 'done',
    async reach(page) {
      await startLive(page);
      await page.evaluate(() => document.querySelector('livestill-camera')?.take());
      await reached(page, 'done');
    },
  },
  upload('uploading', null, [MORE, 'never']),
  upload('sent', 'accepted', [MORE, { state: 'accepted' }]),
  upload('again', 'again', [MORE, MORE, MORE, { state: 'again', hints: ADVICE }]),
  upload('again-without-advice', 'again', [MORE, MORE, MORE, { state: 'again' }]),
  upload('ended', 'ended', [MORE, MORE, MORE, { state: 'ended', hints: ADVICE }]),
  upload('ended-without-advice', 'ended', [MORE, MORE, MORE, { state: 'ended' }]),
  upload('error-upload_failed', 'upload_failed', ['gone']),
  upload('error-service_busy', 'service_busy', [MORE, 503]),
  upload('error-session_over', 'session_over', [409]),
  upload('error-session_refused', 'session_refused', [401]),
  broken('camera_lost', {}, 'ended'),
  broken('camera_muted', { pace: 'fast' }, 'mute'),
  broken('no_frames', { pace: 'fast', frozen: true }, null),
  broken('encoding_failed', { noJpeg: true }, null),
  known(
    'insecure_context',
    () => Object.defineProperty(window, 'isSecureContext', { value: false, configurable: true }),
    () => Object.defineProperty(window, 'isSecureContext', { value: true, configurable: true }),
  ),
  known(
    'not_supported',
    () => Object.defineProperty(navigator, 'mediaDevices', { value: undefined, configurable: true }),
    () => Reflect.deleteProperty(navigator, 'mediaDevices'),
  ),
  known(
    'blocked_by_policy',
    () =>
      Object.defineProperty(document, 'permissionsPolicy', {
        value: { allowsFeature: () => false },
        configurable: true,
      }),
    () => Reflect.deleteProperty(document, 'permissionsPolicy'),
  ),
  known(
    'canvas_blocked',
    () => {
      const own = CanvasRenderingContext2D.prototype;
      Object.assign(window, { kept: own.getImageData });
      own.getImageData = (_x, _y, width, height) => new ImageData(width, height);
    },
    () => {
      CanvasRenderingContext2D.prototype.getImageData = (
        window as unknown as { kept: CanvasRenderingContext2D['getImageData'] }
      ).kept;
    },
  ),
  refusal('denied', { camera: 'NotAllowedError', permission: 'denied' }),
  refusal('dismissed', { camera: 'NotAllowedError', permission: 'prompt' }),
  refusal('denied_by_system', { camera: 'NotAllowedError' }),
  refusal('no_camera', { camera: 'NotFoundError' }),
  refusal('camera_in_use', { camera: 'NotReadableError' }),
  refusal('camera_unsuitable', { camera: 'OverconstrainedError' }),
  refusal('no_picture', { pace: 'fast', frozen: true }),
  refusal('failed', { camera: 'TypeError' }),
];
