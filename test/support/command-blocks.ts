/** A fenced block of a page that holds commands: `sh` (commands alone) or `console` (`$ command` and output). */
export interface CommandBlock {
  /** Of the fence, from 1. */
  readonly line: number;
  /** Why it is not run: the text of `<!-- not run: … -->` just above. */
  readonly notRun: string | undefined;
  /** As they are typed, continued lines joined. */
  readonly commands: readonly string[];
}

/** A line that begins with a program that these pages use. */
const COMMAND =
  /^(?:\$ )?(?:[A-Z_]+=\S+ )?(?:(?:npx )?livestill [a-z]|(?:npm|pnpm|yarn|node|curl|docker|podman|openssl|systemctl|setcap|python3|rm) )/;

interface Block {
  readonly line: number;
  readonly language: string;
  readonly above: string;
  readonly lines: readonly string[];
}

function blocksOf(text: string): Block[] {
  const lines = text.split('\n');
  const fences = lines.flatMap((line, at) => (line.startsWith('```') ? [at] : []));
  return fences.flatMap((from, index) =>
    index % 2 === 1
      ? []
      : [
          {
            line: from + 1,
            language: lines[from].slice(3).trim(),
            above: lines[from - 1] ?? '',
            lines: lines.slice(from + 1, fences[index + 1]),
          },
        ],
  );
}

function commandsOf({ language, lines }: Block): string[] {
  const typed =
    language === 'console'
      ? lines.filter((line) => line.startsWith('$ ')).map((line) => line.slice(2))
      : lines;
  return typed
    .join('\n')
    .replaceAll('\\\n', ' ')
    .split('\n')
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
}

/** The blocks of commands of a page. */
export function commandBlocks(text: string): CommandBlock[] {
  return blocksOf(text)
    .filter(({ language }) => language === 'sh' || language === 'console')
    .map((block) => ({
      line: block.line,
      notRun: /^<!-- not run: (.+) -->$/.exec(block.above)?.[1],
      commands: commandsOf(block),
    }));
}

/** Lines with commands in blocks that are not said to hold any. */
export function untaggedCommands(text: string): string[] {
  return blocksOf(text)
    .filter(({ language }) => language !== 'sh' && language !== 'console')
    .flatMap(({ lines }) => lines.filter((line) => COMMAND.test(line)));
}

/** Commands within sentences: `livestill …`, `npm run …`, `node scripts/…` in backticks. */
export function inlineCommands(text: string): string[] {
  const prose = text.replace(/^```[\s\S]*?^```/gm, '');
  return Array.from(
    prose.matchAll(/`((?:(?:npx )?livestill [a-z]|npm (?:run|start)|node (?:bin|scripts|bench)\/)[^`]*)`/g),
    ([, command]) => command,
  );
}

/** The words of each simple command of a line, without quotes, comments and redirections. */
export function simpleCommands(line: string): string[][] {
  const commands: string[][] = [[]];
  let redirected = false;
  const plain = line.replace(/\$\([^)]*\)/g, 'X');
  for (const [token, double, single] of plain.matchAll(
    /"([^"]*)"|'([^']*)'|(?:&&|[|;<>])+|#.*$|[^\s'"|;<>]+/g,
  )) {
    if (/^(?:&&|[|;])+$/.test(token)) commands.push([]);
    else if (/^[<>]+$/.test(token)) redirected = true;
    else if (token.startsWith('#')) break;
    else if (redirected) redirected = false;
    else commands.at(-1)?.push(double ?? single ?? token);
  }
  return commands.filter((words) => words.length > 0);
}
