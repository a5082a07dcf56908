import { type Described, type Label, UNNAMED_SPECIES } from '../types.ts';
import { badFile, type Place, type TableRecord } from './table-file.ts';

/** A text or number field as text; null where it is missing or empty. */
export function textField({ fields }: TableRecord, name: string, place: Place): string | null {
  const value = fields.get(name);
  if (value === undefined || value === null || value === '') return null;
  if (typeof value === 'string') return value;
  if (typeof value === 'number' && Number.isFinite(value)) return String(value);
  throw badFile(place, `${name}: expected a text, found ${JSON.stringify(value)}`);
}

/** A number, or a text that is one; null where it is missing, null or empty. */
export function numberField({ fields }: TableRecord, name: string, place: Place): number | null {
  const value = fields.get(name);
  if (value === undefined || value === null || value === '') return null;
  const number = typeof value === 'number' ? value : typeof value === 'string' ? Number(value) : Number.NaN;
  if (!Number.isFinite(number) || (typeof value === 'string' && value.trim() === '')) {
    throw badFile(place, `${name}: expected a number, found ${JSON.stringify(value)}`);
  }
  return number;
}

function labelField(record: TableRecord, place: Place): Label {
  const value = record.fields.get('label');
  if (value === 'bona-fide' || value === 'attack') return value;
  throw badFile(
    place,
    value === undefined
      ? 'the field label is missing; expected "bona-fide" or "attack"'
      : `label: expected "bona-fide" or "attack", found ${JSON.stringify(value)}`,
  );
}

/** What a record says of its picture. A species named for a bona fide presentation is passed over. */
export function describedBy(record: TableRecord, id: string, place: Place): Described {
  const label = labelField(record, place);
  const text = (name: string) => textField(record, name, place);
  const species = text('species');
  return {
    id,
    label,
    species: label === 'attack' ? (species ?? UNNAMED_SPECIES) : null,
    subject: text('subject'),
    session: text('session'),
    device: text('device'),
    group: text('group'),
    fold: text('fold'),
  };
}
