import type { ErrorKind, HintKind, RefusalKind } from './kinds.ts';
import { english } from './texts-en.ts';
import { chinese } from './texts-zh.ts';

/** A message with what to do about it. */
export interface Message {
  readonly title: string;
  readonly text: string;
}

/** Everything that the component says in one language. */
export interface Texts {
  readonly lang: string;
  readonly name: string;
  readonly idle: Message;
  readonly tips: readonly string[];
  readonly privacy: string;
  readonly hidden: Message;
  readonly asking: Message;
  readonly taking: string;
  /** `{n}` is the number of pictures. */
  readonly done: Message;
  readonly uploading: Message;
  readonly sent: Message;
  readonly again: Message;
  readonly ended: Message;
  /** Said where another session takes the place of one that is over. */
  readonly anew: string;
  readonly picture: string;
  /** Said in place of `ready` where the stills are taken by the button alone. */
  readonly readyForButton: string;
  readonly buttons: {
    readonly start: string;
    /** These two while the button has nothing to do. */
    readonly asking: string;
    readonly uploading: string;
    readonly take: string;
    readonly cancel: string;
    readonly again: string;
    readonly retry: string;
  };
  readonly hints: Readonly<Record<HintKind, string>>;
  readonly refusals: Readonly<Record<RefusalKind, Message>>;
  readonly errors: Readonly<Record<ErrorKind, Message>>;
}

/** The texts for a language tag: Chinese for every `zh`, English for all others. */
export function textsFor(tag: string): Texts {
  return /^zh\b/i.test(tag) ? chinese : english;
}
