import { UsageError } from '../../faults.ts';
import { CsvError, parseCsv } from '../../report/csv.ts';

/** One record of an index or score file: its line and its fields by name. */
export interface TableRecord {
  readonly line: number;
  readonly fields: ReadonlyMap<string, unknown>;
}

/** Where a record stands, for messages. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** The message of a file that is not as it should be. */
export function badFile({ file, line }: Place, message: string): UsageError {
  return new UsageError('bad_index', `${file}, line ${line}: ${message}`);
}

const ALIASES: Readonly<Record<string, string>> = {
  capture_device: 'device',
  capturedevice: 'device',
  'capture device': 'device',
  camera: 'device',
  video: 'session',
  set: 'fold',
  file: 'path',
  id: 'path',
  key: 'path',
  raw_score: 'rawscore',
  live_probability: 'probability',
  liveprobability: 'probability',
  pai_species: 'species',
};

/** Field names without regard to case; other names for a field count where the field itself is not given. */
function named(entries: readonly (readonly [string, unknown])[]): ReadonlyMap<string, unknown> {
  const plain = entries.map(([name, value]) => [name.trim().toLowerCase(), value] as const);
  const fields = new Map(plain);
  for (const [name, value] of plain) {
    const meant = Object.hasOwn(ALIASES, name) ? ALIASES[name] : name;
    if (!fields.has(meant)) fields.set(meant, value);
  }
  return fields;
}

function readNdjson(file: string, text: string): TableRecord[] {
  const records: TableRecord[] = [];
  text.split('\n').forEach((raw, i) => {
    const source = (i === 0 && raw.startsWith('\ufeff') ? raw.slice(1) : raw).trim();
    if (source === '') return;
    const place = { file, line: i + 1 };
    let value: unknown;
    try {
      value = JSON.parse(source);
    } catch {
      throw badFile(
        place,
        `expected one JSON object on the line, found ${JSON.stringify(source.slice(0, 60))}`,
      );
    }
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw badFile(place, 'expected a JSON object');
    }
    records.push({ line: i + 1, fields: named(Object.entries(value)) });
  });
  return records;
}

function readCsv(file: string, text: string): TableRecord[] {
  let lines: ReturnType<typeof parseCsv>;
  try {
    lines = parseCsv(text);
  } catch (error) {
    if (error instanceof CsvError) throw badFile({ file, line: error.line }, error.message);
    throw error;
  }
  const [head, ...body] = lines;
  if (head === undefined) return [];
  return body.map(({ line, fields }) => {
    const place = { file, line };
    if (fields.length !== head.fields.length) {
      throw badFile(
        place,
        `expected ${head.fields.length} fields as in the first line, found ${fields.length}`,
      );
    }
    const entries = head.fields.map((name, k) => [name, fields[k] === '' ? null : fields[k]] as const);
    return { line, fields: named(entries) };
  });
}

/**
 * Reads NDJSON (one object a line) or CSV with a heading line; which of them, the first character tells.
 *
 * @throws {UsageError} reason `bad_index` with file and line.
 */
export function readTable(file: string, text: string): TableRecord[] {
  return /^\ufeff?\s*\{/.test(text) ? readNdjson(file, text) : readCsv(file, text);
}
