import type { Texts } from './texts.ts';

export const english: Texts = {
  lang: 'en',
  name: 'Picture of your face',
  idle: { title: 'Take a picture of your face', text: 'The camera is needed for this picture.' },
  tips: ['Face the light', 'Take off hat and sunglasses', 'Hold the device at eye level'],
  privacy: 'The camera is turned off as soon as the pictures are taken.',
  hidden: {
    title: 'The camera was turned off',
    text: 'You left the page. Turn the camera on again to go on.',
  },
  asking: {
    title: 'Waiting for your permission',
    text: 'Your browser asks whether it may use the camera. Choose “Allow”.',
  },
  taking: 'Hold still',
  done: { title: 'Pictures taken', text: 'The camera is off.' },
  uploading: { title: 'Sending the pictures', text: 'One moment, please.' },
  sent: { title: 'Pictures sent', text: 'That is all. The camera is off.' },
  again: { title: 'Please take them again', text: 'The pictures could not be used.' },
  ended: { title: 'That did not work', text: 'The pictures could not be used, and no try is left.' },
  anew: 'Please take the pictures again.',
  picture: 'Picture {n}',
  readyForButton: 'Good. Press the button',
  buttons: {
    start: 'Turn on the camera',
    asking: 'Waiting …',
    uploading: 'Sending …',
    take: 'Take the pictures',
    cancel: 'Cancel',
    again: 'Take them again',
    retry: 'Try again',
  },
  hints: {
    no_signal: 'No picture. Is the camera covered?',
    too_dark: 'Too dark. Find more light',
    no_face: 'Place your face in the oval',
    several_faces: 'Only one face, please',
    too_far: 'Move closer',
    too_close: 'Move a little away',
    off_centre: 'Move your face to the middle',
    too_bright: 'Too bright. Find softer light',
    backlit: 'Light behind you. Turn around',
    moving: 'Hold still',
    blurred: 'Blurred. Wipe the lens',
    ready: 'Good. Hold still',
  },
  refusals: {
    insecure_context: {
      title: 'This page is not secure',
      text: 'Browsers give the camera only to pages with https. Open the page with its https address.',
    },
    not_supported: {
      title: 'No camera in this browser',
      text: 'This browser gives pages no camera. Open the page in Safari, Chrome, Edge or Firefox.',
    },
    blocked_by_policy: {
      title: 'The camera is blocked here',
      text: 'The site that shows this page does not let it use the camera. Please tell its operator.',
    },
    denied: {
      title: 'The camera is not allowed',
      text: 'Allow the camera for this page: press the symbol beside the address, or open the site settings. Then try again.',
    },
    denied_by_system: {
      title: 'The system blocks the camera',
      text: 'Allow this browser to use the camera in the privacy settings of your device. Then try again.',
    },
    dismissed: {
      title: 'The camera was not allowed',
      text: 'Try again, and choose “Allow” when your browser asks.',
    },
    no_camera: {
      title: 'No camera found',
      text: 'Connect a camera, or open this page on your phone. Then try again.',
    },
    camera_in_use: {
      title: 'The camera does not start',
      text: 'Another program may be using it. Close video calls and camera apps. Then try again.',
    },
    camera_unsuitable: {
      title: 'This camera does not fit',
      text: 'Connect another camera, or open this page on your phone. Then try again.',
    },
    canvas_blocked: {
      title: 'The browser protects the picture',
      text: 'A privacy setting keeps this page from reading pictures (canvas). Allow it for this page, or use another browser.',
    },
    no_picture: {
      title: 'The camera sends no picture',
      text: 'Check that it is not covered or switched off. Then try again.',
    },
    failed: { title: 'The camera does not start', text: 'Try again, or open this page in another browser.' },
  },
  errors: {
    camera_lost: {
      title: 'The camera is gone',
      text: 'It was unplugged or taken away from this page. Try again.',
    },
    camera_muted: {
      title: 'The camera sends no picture',
      text: 'Check its switch and cover, and whether a call is using it. Then try again.',
    },
    no_frames: { title: 'The camera stopped', text: 'No more pictures came from it. Try again.' },
    encoding_failed: {
      title: 'The picture could not be saved',
      text: 'Close other pages and programs. Then try again.',
    },
    upload_failed: {
      title: 'The pictures were not sent',
      text: 'Check the connection to the internet. Then try again: they are kept here.',
    },
    service_busy: {
      title: 'The pictures were not sent',
      text: 'The service is busy. Try again in a moment: they are kept here.',
    },
    session_over: {
      title: 'Time is over',
      text: 'No more pictures are taken here. Load the page again to begin anew.',
    },
    session_refused: {
      title: 'The pictures were not accepted',
      text: 'This page may be open twice. Close the other one, and load this one again.',
    },
  },
};
