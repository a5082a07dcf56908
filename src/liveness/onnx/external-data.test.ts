import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeOnnx } from '../test-support/onnx.ts';
import { findExternalTensor } from './external-data.ts';
import { bytesField, fieldHead, integerField, MalformedError, textField } from './protobuf.ts';

const join = (...parts: Uint8Array[]) => Buffer.concat(parts);
const inside = join(
  integerField(1, 1),
  integerField(2, 1),
  textField(8, 'w'),
  bytesField(9, Buffer.alloc(4)),
);
const location = bytesField(13, join(textField(1, 'location'), textField(2, '../w.bin')));
const outside = join(
  integerField(1, 1),
  integerField(2, 1),
  textField(8, 'w'),
  location,
  integerField(14, 1),
);

/** Every place of a model where a tensor may stand. */
const PLACES: Readonly<Record<string, (tensor: Uint8Array) => Uint8Array>> = {
  'an initializer': (t) => model(bytesField(5, t)),
  'the values of a sparse initializer': (t) => model(bytesField(15, bytesField(1, t))),
  'the positions of a sparse initializer': (t) => model(bytesField(15, bytesField(2, t))),
  'an attribute': (t) => model(node(bytesField(5, t))),
  'a list in an attribute': (t) => model(node(join(bytesField(10, inside), bytesField(10, t)))),
  'a sparse tensor in an attribute': (t) => model(node(bytesField(22, bytesField(1, t)))),
  'a list of sparse tensors in an attribute': (t) => model(node(bytesField(23, bytesField(2, t)))),
  'a subgraph': (t) => model(node(bytesField(6, bytesField(5, t)))),
  'a list of subgraphs': (t) => model(node(bytesField(11, bytesField(5, t)))),
  'a subgraph of a subgraph': (t) => model(node(bytesField(6, node(bytesField(6, node(bytesField(5, t))))))),
  'a function': (t) => bytesField(25, bytesField(7, bytesField(5, bytesField(5, t)))),
  'a default of a function': (t) => bytesField(25, bytesField(11, bytesField(5, t))),
  'the training information': (t) => bytesField(20, bytesField(1, bytesField(5, t))),
  'the training algorithm': (t) => bytesField(20, bytesField(2, node(bytesField(5, t)))),
  'a second graph, which protobuf merges with the first': (t) =>
    join(model(textField(2, 'g')), model(bytesField(5, t))),
};

function model(graph: Uint8Array): Uint8Array {
  return bytesField(7, graph);
}
function node(attribute: Uint8Array): Uint8Array {
  return bytesField(1, bytesField(5, attribute));
}

describe('a tensor with its data outside the model', () => {
  it.for(Object.keys(PLACES))('is found as %s, and one with its data inside is not', (place) => {
    expect(findExternalTensor(PLACES[place]!(outside))).toBe('w');
    expect(findExternalTensor(PLACES[place]!(inside))).toBeNull();
  });

  it.for([
    ['a location without the mark', join(inside, location)],
    ['the mark without a location', join(inside, integerField(14, 1))],
    ['a mark that is more than 32 bits', join(inside, integerField(14, 2 ** 32 + 1))],
    ['a mark written as another type', join(inside, bytesField(14, Buffer.of(1)))],
  ] as const)('is found by %s', ([, tensor]) => {
    expect(findExternalTensor(model(bytesField(5, tensor)))).toBe('w');
  });

  it('is not found in the built-in networks, nor in a made one', async () => {
    for (const name of ['blazeface-back-256', 'rfb-320', 'minifasnet-v2-se-128']) {
      const file = fileURLToPath(new URL(`../../../models/${name}.onnx`, import.meta.url));
      expect(findExternalTensor(await readFile(file))).toBeNull();
    }
    const made = makeOnnx({
      input: { name: 'x', dims: [1, 3, 4, 4] },
      output: 'y',
      weights: [[1, 2, 3]],
      bias: [0],
    });
    expect(findExternalTensor(made)).toBeNull();
  });
});

describe('bytes that other readers would read differently', () => {
  it('are refused: a tag beyond 32 bits, field 0, a group, a graph that is a number', () => {
    // 13 · 8 + 2 + 2³²: readers that cut the tag to 32 bits take it for field 13.
    const tag = Buffer.of(0xea, 0x80, 0x80, 0x80, 0x10);
    expect(() => findExternalTensor(model(bytesField(5, join(inside, tag, Buffer.of(0)))))).toThrow(
      MalformedError,
    );
    expect(() => findExternalTensor(Buffer.of(0, 1))).toThrow(MalformedError);
    expect(() => findExternalTensor(Buffer.of(7 * 8 + 3, 7 * 8 + 4))).toThrow(MalformedError);
    expect(() => findExternalTensor(integerField(7, 1))).toThrow(MalformedError);
  });

  it('are refused where the inference library takes them for its own format', () => {
    const both = join(bytesField(2, Buffer.from('xxORTMxx')), model(bytesField(5, inside)));
    expect(both.toString('latin1', 4, 8)).toBe('ORTM');
    expect(() => findExternalTensor(both)).toThrow(/ORT format/);
  });

  it('are refused where they are nested too deep', () => {
    let graph: Uint8Array = bytesField(5, outside);
    for (let i = 0; i < 60; i++) graph = node(bytesField(6, graph));
    expect(() => findExternalTensor(model(graph))).toThrow(MalformedError);
  });

  it('are told in one walk: any bytes give null, a name or a MalformedError', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 100 }), (bytes, cut) => {
        for (const input of [
          bytes,
          join(fieldHead(7, bytes.length), bytes),
          PLACES['a subgraph']!(outside).subarray(cut),
        ]) {
          try {
            const found = findExternalTensor(input);
            expect(found === null || typeof found === 'string').toBe(true);
          } catch (error) {
            expect(error).toBeInstanceOf(MalformedError);
          }
        }
      }),
    );
  });
});
