import { readFile } from 'node:fs/promises';
import Type, { type Static } from 'typebox';
import { Check } from 'typebox/value';

const text = Type.String();

const runSchema = Type.Partial(
  Type.Object({
    input: text,
    profile: text,
    threshold: Type.Number(),
    capture: text,
    /** Name and SHA-256 of every network. */
    models: Type.Array(text),
    /** Paths of what was made of the rows, from the journal's folder. */
    outputs: Type.Array(text),
    /** Stands in the page. */
    id: text,
  }),
);

/**
 * What an earlier run says of itself in `<journal>.run.json`: its settings, and what it made of its rows.
 * Files of before 0.2 lack `outputs` and `id`.
 */
export type RunFile = Readonly<Static<typeof runSchema>>;

/** Where the settings of a journal's run are kept. */
export const runFileOf = (journal: string) => `${journal}.run.json`;

/**
 * Reads what the run that began a journal says of itself.
 * @throws {Error} with the system's code when the file cannot be read, without one when it is not such a file
 */
export async function readRunFile(journal: string): Promise<RunFile> {
  const path = runFileOf(journal);
  const value: unknown = JSON.parse(await readFile(path, 'utf8'));
  if (!Check(runSchema, value)) throw new Error(`${path} is not the settings of a batch`);
  return value;
}
