/**
 * A number and its noun: `1 picture`, `2 pictures`, `1,200 rows`.
 * @param plural where it is not the noun and an `s`
 */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${number.toLocaleString('en')} ${number === 1 ? noun : plural}`;
}
