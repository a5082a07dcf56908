import { type DestinationStream, type Logger, type LoggerOptions, pino, stdTimeFunctions } from 'pino';
import { bounded, errorForLog } from './log-error.ts';

/** Characters of one text in the log. */
const LONGEST_TEXT = 2000;

/**
 * The service's log: one JSON object a line. Errors are written by `errorForLog` alone, every other text is
 * cut after 2 000 characters, and no character that a terminal acts on stands raw in a line: JSON escapes
 * those below U+0020, this log the others, too.
 */
export function createLog(level: LoggerOptions['level'] & string, destination: DestinationStream): Logger {
  return pino(
    {
      level,
      timestamp: stdTimeFunctions.isoTime,
      serializers: { err: errorForLog },
      formatters: { log: withBoundedTexts },
    },
    withoutControls(destination),
  );
}

function withBoundedTexts(fields: Record<string, unknown>): Record<string, unknown> {
  let cut: Record<string, unknown> | undefined;
  for (const [name, value] of Object.entries(fields)) {
    if (typeof value !== 'string' || value.length <= LONGEST_TEXT) continue;
    cut ??= { ...fields };
    cut[name] = bounded(value, LONGEST_TEXT);
  }
  return cut ?? fields;
}

/**
 * Controls, invisible format characters (which change the direction of writing), line and paragraph
 * separators; all but the end of the line. In a line of JSON they can only stand within texts, where an
 * escape means the same.
 */
const CONTROLS = /(?!\n)[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;

/** Most lines, and ten times as fast to tell. */
const PLAIN = /^[\n -~]*$/;

function withoutControls(destination: DestinationStream): DestinationStream {
  const { flushSync } = destination as { flushSync?: () => void };
  return {
    write: (line) => destination.write(PLAIN.test(line) ? line : line.replace(CONTROLS, escaped)),
    // Pino asks for it after a line of level fatal.
    ...(flushSync === undefined ? {} : { flushSync: () => flushSync.call(destination) }),
  };
}

function escaped(character: string): string {
  return Array.from({ length: character.length }, (_, at) => {
    return `\\u${character.charCodeAt(at).toString(16).padStart(4, '0')}`;
  }).join('');
}
