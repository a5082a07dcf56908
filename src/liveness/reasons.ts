import type { Reason, Severity } from './types.ts';

/** `{limit}` in a text stands for the limit in force; `usual` is the one where none is named. */
type Entry = readonly [severity: Severity, text: string, advice: string, usual?: number];

/**
 * Every reason a judgement can carry: severity, what was seen, what the person in front of the camera can do.
 */
const REASONS = {
  NO_FACE: [
    'error',
    'No face was found in the picture.',
    'Face the camera, in good light, without covering the face.',
  ],
  DETECTORS_DISAGREE: [
    'error',
    'Something looks like a face to one detector only, so it is not taken for one.',
    'Face the camera with the whole face visible and take the picture again.',
  ],
  ATTACK_SUSPECTED: [
    'error',
    'The picture looks like a picture of a picture: a print, a screen or a mask.',
    'Take a new photo of the person directly with the camera.',
  ],
  UNCERTAIN: [
    'error',
    'The picture is not convincing enough to be sure that it shows a live person.',
    'Take a new photo in even light, with the whole head in the frame and room around it; or have a person look at it.',
  ],
  FACE_TOO_SMALL: [
    'error',
    'The face is less than {limit} pixels wide.',
    'Come closer to the camera or use a larger picture.',
    48,
  ],
  FACE_CUT_OFF: [
    'error',
    'Part of the face lies outside the picture.',
    'Keep the whole head inside the frame.',
  ],
  FACE_TOO_CLOSE: [
    'error',
    'The face fills the picture: there is too little around it.',
    'Hold the camera further away; do not crop the picture to the face.',
  ],
  TOO_DARK: ['error', 'The face is too dark.', 'Turn towards a light.'],
  TOO_BRIGHT: ['error', 'The face is too bright.', 'Move out of the direct light or switch the flash off.'],
  DEEP_SHADOW: [
    'error',
    'A large part of the face lies in deep shadow.',
    'Turn so that light falls on the whole face.',
  ],
  LOW_CONTRAST: [
    'error',
    'The face has almost no contrast.',
    'Clean the lens; avoid fog, strong back light and filters.',
  ],
  BLURRED: ['error', 'The face is blurred.', 'Hold still, let the camera focus, clean the lens.'],
  HEAD_TILTED: ['error', 'The head is tilted by more than 20 degrees.', 'Hold head and camera upright.'],
  NOISY: [
    'error',
    'The picture is full of coloured noise.',
    'Take the photo in more light, with a clean lens and without digital zoom.',
  ],
  NO_COLOUR: [
    'error',
    'The picture has no natural colour: it is grey, infrared or of a single tone.',
    'Take the photo in colour, with an ordinary camera, in enough light and without a filter.',
  ],
  CHANNELS_SWAPPED: [
    'error',
    'The colour channels of the picture are changed over.',
    'Have whoever runs the app send red, green and blue in this order; some libraries hand out blue first.',
  ],
  EYES_TOO_CLOSE: [
    'error',
    'The eyes are less than {limit} pixels apart.',
    'Come closer to the camera, look straight into it, or use a larger picture.',
    50,
  ],
  FACE_NEAR_EDGE: [
    'error',
    'There are less than {limit} pixels between the face and the edge of the picture.',
    'Move the face to the middle and hold the camera further away; do not crop the picture.',
    15,
  ],
  HEAD_TURNED_FAR: [
    'error',
    'The head is turned to the side by more than {limit} degrees.',
    'Look straight into the camera.',
    30,
  ],
  HEAD_RAISED_FAR: [
    'error',
    'The head is tilted back by more than {limit} degrees.',
    'Lower the chin, or hold the camera at the height of the eyes.',
    30,
  ],
  HEAD_LOWERED_FAR: [
    'error',
    'The head is bent down by more than {limit} degrees.',
    'Raise the chin, or hold the camera at the height of the eyes.',
    30,
  ],
  PICTURE_WIDTH_TOO_SMALL: [
    'error',
    'The upright picture is less than {limit} pixels wide.',
    'Take the photo with a higher resolution, and send it uncut and not scaled down.',
    600,
  ],
  PICTURE_HEIGHT_TOO_SMALL: [
    'error',
    'The upright picture is less than {limit} pixels high.',
    'Hold the camera upright or use a higher resolution, and send the photo uncut and not scaled down.',
    800,
  ],
  FACE_SMALL: ['warning', 'The face is small (under 80 pixels wide).', 'Come closer to the camera.'],
  FACE_CLOSE: ['warning', 'There is little room around the face.', 'Hold the camera a little further away.'],
  DARK: ['warning', 'The face is rather dark.', 'Turn towards a light.'],
  BRIGHT: ['warning', 'The face is rather bright.', 'Move out of the direct light.'],
  GRAINY: ['warning', 'There is coloured noise in the picture.', 'Take the photo in more light.'],
  SOFT: ['warning', 'The face is not quite sharp.', 'Hold still and let the camera focus.'],
  HEAD_TURNED: ['warning', 'The head is turned to the side.', 'Look straight into the camera.'],
  EYES_CLOSE_TOGETHER: [
    'warning',
    'The eyes are less than 37 pixels apart: the face is small or turned away.',
    'Come closer to the camera and look straight into it.',
  ],
  OVEREXPOSED: [
    'warning',
    'Parts of the face are overexposed to white.',
    'Move out of the direct light or switch the flash off.',
  ],
  FLAT_TONES: [
    'warning',
    'The face shows few shades between dark and bright.',
    'Clean the lens; turn towards an even light; send the picture unfiltered.',
  ],
  UNEVEN_LIGHT: [
    'warning',
    'One half of the face is lit much more than the other.',
    'Turn so that the light comes from the front.',
  ],
  BACK_LIGHT: [
    'warning',
    'The background is much brighter than the face.',
    'Do not stand in front of a window or lamp; turn towards the light.',
  ],
  HEAD_FAR: ['warning', 'The head takes up very little of the picture.', 'Come closer to the camera.'],
  HEAD_AT_EDGE: [
    'warning',
    'The head touches the left or right edge of the picture, or is cut by it.',
    'Move the head to the middle and hold the camera further away; do not crop the picture.',
  ],
  CROWN_AT_EDGE: [
    'warning',
    'The top of the head touches the upper edge of the picture, or is cut by it.',
    'Leave room above the head: point the camera higher or hold it further away; do not crop the picture.',
  ],
  CHIN_AT_EDGE: [
    'warning',
    'The chin touches the lower edge of the picture, or is cut by it.',
    'Leave room below the chin: point the camera lower or hold it further away; do not crop the picture.',
  ],
  HEAD_RAISED: ['warning', 'The head is tilted back.', 'Lower the chin and look straight into the camera.'],
  HEAD_LOWERED: ['warning', 'The head is bent down.', 'Raise the chin and look straight into the camera.'],
  FACES_ALIKE: [
    'warning',
    'Two faces are nearly of one size: the picture does not say which of them is meant.',
    'Have only one person in the picture, and no photo of another beside the face.',
  ],
  UNNATURAL_COLOUR: [
    'warning',
    'The face has no natural skin colour.',
    'Use white light; send the picture in colour and unfiltered.',
  ],
  STILLS_DISAGREE: [
    'warning',
    'Some of the stills look live and some like an attack.',
    'Take new stills one after the other, directly with the camera; or have a person look at them.',
  ],
  STILLS_IDENTICAL: [
    'warning',
    'Two of the stills are the same picture.',
    'Take each still anew with the camera; do not send a picture twice.',
  ],
  STILLS_APART: [
    'warning',
    'The face has moved or changed its size too far between the stills.',
    'Take the stills one after the other and hold still meanwhile.',
  ],
  STILL_UNFIT: [
    'warning',
    'One of the stills is too poor, or shows no face, and took no part.',
    'See the reasons of that still.',
  ],
  COMPRESSED: [
    'info',
    'The picture is so strongly compressed that its blocks show.',
    'Send the picture as the camera took it, JPEG quality 40 or better.',
  ],
  SEVERAL_FACES: [
    'info',
    'There is more than one face in the picture.',
    'Have only one person in the picture.',
  ],
  BORDERS: [
    'info',
    'The picture has bars around it; they were left aside.',
    'Send the photo itself, not a screenshot or a padded copy.',
  ],
  PICTURE_TURNED: [
    'info',
    'The picture lay on its side or head and was turned upright.',
    'Nothing needs to be done.',
  ],
} as const satisfies Record<string, Entry>;

/** The code of a reason. */
export type ReasonCode = keyof typeof REASONS;

/** All of them. */
export const REASON_CODES = Object.keys(REASONS) as readonly ReasonCode[];

/**
 * The reason of that code, with its English texts.
 * @param limit the limit that was passed, for texts that name one
 */
export function reason(code: ReasonCode, limit?: number): Reason {
  const [severity, text, advice, usual]: Entry = REASONS[code];
  if (usual === undefined) return { code, severity, text, advice };
  const passed = limit ?? usual;
  return { code, severity, text: withLimit(text, passed), advice, limit: passed };
}

/** A text with the limit in the place that it has for it. */
export function withLimit(text: string, limit: number): string {
  return text.replace('{limit}', String(limit));
}
