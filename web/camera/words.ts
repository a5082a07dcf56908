import type { CameraState } from './kinds.ts';
import type { Problem } from './problem.ts';
import type { Message, Texts } from './texts.ts';

/** The message of a state; `reason` is the site's own, shown before the camera is asked for. */
export function messageOf(
  state: CameraState,
  problem: Problem | null,
  texts: Texts,
  reason: string,
): Message {
  if (problem !== null) return problem.say(texts);
  if (state === 'asking' || state === 'uploading' || state === 'sent' || state === 'done')
    return texts[state];
  return { title: texts.idle.title, text: reason || texts.idle.text };
}

/** What stands on the main button; null where there is nothing to press. */
export function buttonOf(state: CameraState, problem: Problem | null, { buttons }: Texts): string | null {
  if (state === 'asking' || state === 'uploading') return buttons[state];
  if (state === 'live' || state === 'taking') return buttons.take;
  if (state === 'sent') return null;
  if (state === 'refused' && problem?.retryable === false) return null;
  if (state === 'done' || problem?.again) return buttons.again;
  return state === 'refused' ? buttons.retry : buttons.start;
}
