import type { LeftOut } from './decode/candidate.ts';

/** Files that were left out, counted, some of them by name. */
export interface LeftOutCounts {
  readonly total: number;
  /** Those of which nobody knows whether they are pictures. */
  readonly unreadable: number;
  /** In words, a line a kind; none where nothing was left out. */
  readonly lines: readonly string[];
}

/** Counts what is left out. */
export interface LeftOutTally {
  add(one: LeftOut): void;
  counts(): LeftOutCounts;
}

/** Names that are shown of each kind. */
const SHOWN = 5;
const LONGEST_NAME = 200;

const TITLES: Readonly<Record<LeftOut['why'], string>> = {
  unreadable: 'could not be read',
  no_file: 'no regular files',
  no_picture: 'no pictures',
};

/** A name on one line: control characters, which could move the cursor or begin a new line, as `\u001B`. */
export function oneLine(name: string): string {
  const shown = name.length > LONGEST_NAME ? `${name.slice(0, LONGEST_NAME)}…` : name;
  return shown.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu,
    (c) => `\\u${c.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`,
  );
}

/** A tally whose size does not grow with the number of files. */
export function createLeftOutTally(): LeftOutTally {
  const counts = new Map<LeftOut['why'], number>();
  const names = new Map<LeftOut['why'], string[]>();
  return {
    add({ name, why, detail }) {
      counts.set(why, (counts.get(why) ?? 0) + 1);
      const some = names.get(why) ?? [];
      if (some.length < SHOWN)
        some.push(why === 'no_picture' ? oneLine(name) : `${oneLine(name)} (${oneLine(detail)})`);
      names.set(why, some);
    },
    counts() {
      const whys = (Object.keys(TITLES) as LeftOut['why'][]).filter((why) => counts.has(why));
      return {
        total: whys.reduce((sum, why) => sum + counts.get(why)!, 0),
        unreadable: counts.get('unreadable') ?? 0,
        lines: whys.map((why) => {
          const n = counts.get(why)!;
          const some = names.get(why)!;
          const more = n > some.length ? `, and ${(n - some.length).toLocaleString('en')} more` : '';
          return `${n.toLocaleString('en')} left out, ${TITLES[why]}: ${some.join(', ')}${more}`;
        }),
      };
    },
  };
}
