import { Problem } from './problem.ts';

/** Has the browser keep a text as a file. */
export function save(name: string, text: string, type: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}

/** Has the browser keep a value as a file of JSON. */
export function saveJson(name: string, value: unknown): void {
  save(name, `${JSON.stringify(value, null, 2)}\n`, 'application/json');
}

/**
 * What a file of JSON holds.
 * @param most bytes that are taken at most
 * @throws {Problem} in these words where the file is larger, or no JSON
 */
export async function jsonIn(
  file: File,
  most: number,
  words: { readonly tooLarge: string; readonly notJson: string },
): Promise<unknown> {
  if (file.size > most) throw new Problem(words.tooLarge);
  try {
    return JSON.parse(await file.text()) as unknown;
  } catch {
    throw new Problem(words.notJson);
  }
}
