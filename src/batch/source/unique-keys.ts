import type { Keys } from '../key-set.ts';

/**
 * Gives entries of an archive keys of their own: the name, and where that is taken the name with `#` and the
 * place in the archive.
 */
export function uniqueKeys(seen: Keys): (name: string, place: number) => string {
  return (name, place) => {
    let key = name;
    // An entry may well be called `a.jpg#7` itself.
    while (!seen.add(key)) key = `${key}#${place}`;
    return key;
  };
}
