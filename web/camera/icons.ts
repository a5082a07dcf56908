import { svg } from './dom.ts';
import type { CameraState } from './kinds.ts';

const CAMERA = 'M4 8h3l1.5-2.5h7L17 8h3a1 1 0 0 1 1 1v9a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V9a1 1 0 0 1 1-1Z';
const LENS = 'M12 16.5a3.5 3.5 0 1 0 0-7 3.5 3.5 0 0 0 0 7Z';

/** Outlines on a field of 24 x 24. */
const PATHS = {
  face: [
    'M12 3.2c-3.5 0-5.7 2.7-5.7 6.6 0 4.3 2.6 8 5.7 8s5.7-3.7 5.7-8c0-3.9-2.2-6.6-5.7-6.6Z',
    'M3.5 21.3c.7-2 2.6-3.2 5-3.9M20.5 21.3c-.7-2-2.6-3.2-5-3.9',
  ],
  camera: [CAMERA, LENS],
  refused: [CAMERA, LENS, 'M3.5 3.5 20.5 20.5'],
  done: ['M5 12.5 10 17.5 19.5 7'],
  tip: ['M5.5 12.5 10 17 18.5 7.5'],
  alert: ['M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z', 'M12 7.5v5.5M12 16.4v.2'],
  lock: ['M7 11V8a5 5 0 0 1 10 0v3M6 11h12v9H6Z'],
} as const;

/** Names of the icons. */
export type IconName = keyof typeof PATHS;

/** An icon of outlines in the colour of the text; not for screen readers. */
export function icon(name: IconName): SVGSVGElement {
  return svg(
    'svg',
    { viewBox: '0 0 24 24', class: `icon ${name}`, 'aria-hidden': 'true' },
    ...PATHS[name].map((d) => svg('path', { d, pathLength: '1' })),
  );
}

/** The icon above the message of each state that has one. */
export function iconOf(state: CameraState): IconName {
  if (state === 'idle') return 'face';
  if (state === 'done' || state === 'sent') return 'done';
  return state === 'refused' ? 'refused' : 'camera';
}
