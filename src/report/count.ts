/**
 * A number and its noun: `1 picture`, `2 pictures`, `1,200 rows`.
 * @param plural where it is not the noun and an `s`
 */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${grouped(number)} ${number === 1 ? noun : plural}`;
}

/** Small ones need no tables of languages, which take a process 10 ms to load. */
function grouped(number: number): string {
  const isSmall = Number.isInteger(number) && number >= 0 && number < 1000;
  return isSmall ? `${number}` : number.toLocaleString('en');
}
