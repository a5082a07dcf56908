/** How a moment is written in a field, in both languages. */
export const TIME_FORMAT = 'YYYY-MM-DD HH:mm';

const two = (value: number) => String(value).padStart(2, '0');

/** A moment as a field holds it, `YYYY-MM-DD HH:mm` in this browser's time zone; empty where there is none. */
export function localTime(iso: string | undefined): string {
  if (iso === undefined || Number.isNaN(Date.parse(iso))) return '';
  const at = new Date(iso);
  const day = [String(at.getFullYear()).padStart(4, '0'), two(at.getMonth() + 1), two(at.getDate())].join(
    '-',
  );
  return `${day} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/**
 * What somebody typed as a moment, in this browser's time zone: a day alone, which begins at midnight, or a day
 * with hours and minutes.
 * @returns ISO 8601 in UTC; null: no such moment
 */
export function typedTime(text: string): string | null {
  const found =
    /^(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})(?:[ T]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d{1,3})?)?)?$/.exec(
      text.trim(),
    );
  if (found === null) return null;
  const [year, month, day, hours, minutes, seconds] = found.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const at = new Date(year, month - 1, day, hours, minutes, seconds);
  // 30 February becomes a day of March: it is none.
  const isSame =
    at.getMonth() === month - 1 && at.getDate() === day && hours < 24 && minutes < 60 && seconds < 60;
  return isSame && year >= 1970 ? at.toISOString() : null;
}

/** What the browser's own picker holds: `YYYY-MM-DDTHH:mm`. */
export const pickerTime = (iso: string | undefined): string => localTime(iso).replace(' ', 'T');
