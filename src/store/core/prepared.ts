import type { Compilable, CompiledQuery, Kysely } from 'kysely';
import type { Tables } from './tables.ts';

/** Stands in a built statement for a value that is known when it is run. */
class Slot {
  readonly name: string;

  constructor(name: string) {
    this.name = name;
  }
}

/**
 * A statement that is built once, at its first use, and then run with other values each time: building one
 * takes several times as long as running it, and some are run for every picture.
 *
 * @param build is given stand-ins for the values and must use them as parameters alone: what it decides is
 * decided once.
 */
export function prepared<Values extends object, Row = unknown>(
  build: (db: Kysely<Tables>, values: Values) => Compilable<Row>,
): (db: Kysely<Tables>, values: Values) => Promise<readonly Row[]> {
  const slots = new Proxy({}, { get: (_, name) => new Slot(String(name)) }) as Values;
  // Each database writes its statements in its own way.
  const builtFor = new WeakMap<object, CompiledQuery<Row>>();
  return async (db, values) => {
    const database = db.getExecutor().adapter.constructor;
    const built = builtFor.get(database) ?? build(db, slots).compile();
    builtFor.set(database, built);
    const parameters = built.parameters.map((parameter) =>
      parameter instanceof Slot ? values[parameter.name as keyof Values] : parameter,
    );
    return (await db.executeQuery<Row>({ ...built, parameters })).rows;
  };
}
