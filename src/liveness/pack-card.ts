import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CropKind } from './crop.ts';
import { ModelError } from './model-error.ts';
import type { ClassifierCard } from './pack.ts';

/** A model that an operator adds: its card and the path of its ONNX file. */
export interface ModelPack {
  readonly card: ClassifierCard;
  readonly file: string;
}

/** What stands in `card.json`, where it stands, for exact messages. */
class Reader {
  readonly #file: string;
  readonly #path: string;
  readonly #value: unknown;

  constructor(file: string, path: string, value: unknown) {
    this.#file = file;
    this.#path = path;
    this.#value = value;
  }

  fail(expected: string): never {
    const found = this.#value === undefined ? 'nothing' : JSON.stringify(this.#value);
    throw new ModelError(this.#file, `${this.#path || 'the card'} must be ${expected}, found ${found}`);
  }

  /** The members of an object; a member that is not in `known` is refused. */
  members(known: readonly string[]): (name: string) => Reader {
    const value = this.#value;
    if (typeof value !== 'object' || value === null || Array.isArray(value)) this.fail('an object');
    const map = new Map(Object.entries(value));
    for (const name of map.keys()) {
      if (!known.includes(name)) {
        const where = this.#path === '' ? name : `${this.#path}.${name}`;
        throw new ModelError(this.#file, `${where} is not known here; known are ${known.join(', ')}`);
      }
    }
    return (name) =>
      new Reader(this.#file, this.#path === '' ? name : `${this.#path}.${name}`, map.get(name));
  }

  list(minimum: number): Reader[] {
    const value = this.#value;
    if (!Array.isArray(value) || value.length < minimum) this.fail(`a list of at least ${minimum}`);
    return value.map((item: unknown, i) => new Reader(this.#file, `${this.#path}[${i}]`, item));
  }

  text(): string {
    return typeof this.#value === 'string' && this.#value !== ''
      ? this.#value
      : this.fail('a non-empty text');
  }

  oneOf<T extends string>(choices: readonly T[]): T {
    const found = choices.find((c) => c === this.#value);
    return found ?? this.fail(`one of ${choices.map((c) => `"${c}"`).join(', ')}`);
  }

  number(low: number, high: number): number {
    const value = this.#value;
    if (typeof value !== 'number' || !(value >= low && value <= high))
      this.fail(`a number from ${low} to ${high}`);
    return value;
  }

  side(): number {
    const value = this.number(8, 1024);
    return Number.isInteger(value) ? value : this.fail('a whole number of pixels');
  }

  /** One number for all three planes, or a list of three. */
  perPlane(low: number, high: number): [number, number, number] {
    if (!Array.isArray(this.#value)) {
      const same = this.number(low, high);
      return [same, same, same];
    }
    const items = this.list(3);
    if (items.length !== 3) this.fail('a number or a list of three');
    return [items[0].number(low, high), items[1].number(low, high), items[2].number(low, high)];
  }
}

function readCrop(reader: Reader): CropKind {
  const crop = reader.members(['kind', 'factor']);
  return { kind: crop('kind').oneOf(['square', 'silent']), factor: crop('factor').number(0.5, 6) };
}

/**
 * Checks a parsed `card.json` and gives the card.
 *
 * @param file the card's path, for messages.
 * @throws {ModelError} naming the member, what was expected and what was found.
 */
export function parseCard(
  file: string,
  value: unknown,
): { readonly card: ClassifierCard; readonly model: string } {
  const card = new Reader(file, '', value).members([
    'name',
    'model',
    'input',
    'crops',
    'boxScales',
    'output',
    'weight',
  ]);
  const name = card('name').text();
  if (!/^[a-z0-9][a-z0-9._-]{0,63}$/.test(name)) {
    card('name').fail('lower-case letters, digits, ".", "_" and "-", at most 64');
  }
  const model = card('model').text();
  if (!/^[^/\\]+\.onnx$/.test(model)) card('model').fail('the name of an .onnx file in the same folder');
  const input = card('input').members(['name', 'width', 'height', 'layout', 'colourOrder', 'scale', 'mean']);
  const scales = card('boxScales').members(['careful', 'fast']);
  const output = card('output').members(['name', 'classes', 'live', 'values']);
  const classes = output('classes')
    .list(2)
    .map((c) => c.text());
  if (new Set(classes).size !== classes.length) output('classes').fail('different names');
  const readScales = (profile: 'careful' | 'fast') =>
    scales(profile)
      .list(1)
      .map((s) => s.number(0.5, 2));
  return {
    model,
    card: {
      name,
      input: {
        name: input('name').text(),
        width: input('width').side(),
        height: input('height').side(),
        layout: input('layout').oneOf(['NCHW', 'NHWC']),
        colourOrder: input('colourOrder').oneOf(['RGB', 'BGR']),
        scale: input('scale').perPlane(-1000, 1000),
        mean: input('mean').perPlane(-1000, 1000),
      },
      crops: card('crops').list(1).map(readCrop),
      boxScales: { careful: readScales('careful'), fast: readScales('fast') },
      output: {
        name: output('name').text(),
        classes,
        liveIndex: classes.indexOf(output('live').oneOf(classes)),
        values: output('values').oneOf(['logits', 'probabilities']),
      },
      weight: card('weight').number(0.001, 1000),
    },
  };
}

/** Reads the pack in `folder`: `card.json` and the ONNX file it names. @throws {ModelError} */
export async function readModelPack(folder: string): Promise<ModelPack> {
  const file = join(folder, 'card.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (cause) {
    throw new ModelError(file, 'the card of the model pack cannot be read', { cause });
  }
  let value: unknown;
  try {
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (cause) {
    throw new ModelError(file, `the card is not valid JSON (${(cause as Error).message})`, { cause });
  }
  const { card, model } = parseCard(file, value);
  return { card, file: join(folder, model) };
}
