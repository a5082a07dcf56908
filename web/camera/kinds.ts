/** What the component is doing. */
export type CameraState = 'idle' | 'asking' | 'live' | 'taking' | 'uploading' | 'sent' | 'done' | 'refused';

/** Advice to the person before the camera; `ready` is the one that says that nothing is left to mend. */
export const HINT_KINDS = [
  'no_signal',
  'too_dark',
  'no_face',
  'several_faces',
  'too_far',
  'too_close',
  'off_centre',
  'too_bright',
  'backlit',
  'moving',
  'blurred',
  'ready',
] as const;
export type HintKind = (typeof HINT_KINDS)[number];

/** Why there is no camera: it was not there, not allowed, or not to be had. */
export const REFUSAL_KINDS = [
  'insecure_context',
  'not_supported',
  'blocked_by_policy',
  'denied',
  'denied_by_system',
  'dismissed',
  'no_camera',
  'camera_in_use',
  'camera_unsuitable',
  'canvas_blocked',
  'no_picture',
  'failed',
] as const;
export type RefusalKind = (typeof REFUSAL_KINDS)[number];

/** What broke off a camera that was on, or the upload to a session. */
export const ERROR_KINDS = [
  'camera_lost',
  'camera_muted',
  'no_frames',
  'encoding_failed',
  'upload_failed',
  'service_busy',
  'session_over',
  'session_refused',
] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];
