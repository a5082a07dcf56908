import type { IconName } from './icons.ts';
import type { ErrorKind, RefusalKind } from './kinds.ts';
import { isRetryable } from './refusal.ts';
import type { Message, Texts } from './texts.ts';
import type { UploadedDetail } from './types.ts';

/** What is shown in place of the picture, and what can be done about it. */
export interface Problem {
  readonly say: (texts: Texts) => Message;
  /** The icon of the state where none is named. */
  readonly icon?: IconName | undefined;
  /** Whether there is a button to try again. */
  readonly retryable: boolean;
  /** The pictures are to be taken again. */
  readonly again?: boolean;
  /** It came of an upload: another session ends it. */
  readonly ofSession?: boolean;
}

/** The page was left while the camera was on. */
export const HIDDEN: Problem = { say: ({ hidden }) => hidden, retryable: true };

/** There is no camera. */
export function refusalProblem(kind: RefusalKind): Problem {
  return { say: ({ refusals }) => refusals[kind], retryable: isRetryable(kind) };
}

/** Errors after which the same stills can be sent once more. */
export function keepsStills(kind: ErrorKind): boolean {
  return kind === 'upload_failed' || kind === 'service_busy';
}

/** The camera, or an upload, broke off. */
export function errorProblem(kind: ErrorKind): Problem {
  const say = ({ errors }: Texts) => errors[kind];
  const isOver = kind === 'session_over' || kind === 'session_refused';
  if (!isOver && !keepsStills(kind)) return { say, retryable: true };
  return { say, icon: 'alert', retryable: !isOver, ofSession: true };
}

/** Nothing of what was uploaded can be judged; null where it can. */
export function uploadProblem({ state, hints }: UploadedDetail): Problem | null {
  if (state === 'accepted') return null;
  // Advice is for those who have another try.
  if (state === 'ended')
    return { say: ({ ended }) => ended, icon: 'alert', retryable: false, ofSession: true };
  const advice = hints.map((hint) => hint.advice).join(' ');
  const say = ({ again }: Texts) => (advice === '' ? again : { ...again, text: advice });
  return { say, icon: 'face', retryable: true, again: true, ofSession: true };
}

/** What was said, where another session has taken the place of the one that it was about. */
export function begunAnew({ say, icon }: Problem): Problem {
  return { say: (texts) => ({ title: say(texts).title, text: texts.anew }), icon, retryable: true };
}
