import { describe, expect, it } from 'vitest';
import { classifyFace } from './classify.ts';
import { firstClassifier } from './test-support/cards.ts';

/** A classifier that answers with what it is given: sum, first and last value of the tensor. */
function counting() {
  const inputs: number[][] = [];
  const network = {
    sha256: '',
    async run(data: Float32Array) {
      const outputs = [data.reduce((a, b) => a + b, 0) / data.length, data[0], data[data.length - 1]];
      inputs.push(outputs);
      return new Map([['output', Float32Array.from(outputs)]]);
    },
    close: async () => {},
  };
  return { inputs, classifier: { card: firstClassifier, network } };
}

const picture = {
  width: 90,
  height: 120,
  data: Uint8Array.from({ length: 90 * 120 * 3 }, (_, i) => (i * 7919) >>> 3),
};
const nothing = () => {};

describe('classifyFace', () => {
  it('runs every crop of a small face at every scale', async () => {
    const { inputs, classifier } = counting();
    const box = { left: 40, top: 50, right: 52, bottom: 66 };
    const evidence = await classifyFace(classifier, picture, box, 'single', nothing);
    expect(evidence.map((e) => `${e.crop}@${e.boxScale}`)).toEqual(
      [1, 0.9, 1.1].flatMap((s) => ['square1.0', 'square2.0', 'silent2.7'].map((c) => `${c}@${s}`)),
    );
    expect(inputs.length).toBe(9);
  });

  it('runs a crop that is the same at several scales once, and gives evidence for each', async () => {
    const { inputs, classifier } = counting();
    const box = { left: 10, top: 15, right: 80, bottom: 105 };
    const times: string[] = [];
    const evidence = await classifyFace(classifier, picture, box, 'single', (step) => times.push(step));
    const rects = evidence.map((e) => `${e.crop} ${JSON.stringify(e.rect)}`);
    const different = new Set(rects).size;
    expect(different).toBeLessThan(9);
    expect(evidence.length).toBe(9);
    expect(inputs.length).toBe(different);
    expect(times.length).toBe(2 * different);
    for (const [i, rect] of rects.entries()) {
      expect(evidence[i].outputs).toEqual(evidence[rects.indexOf(rect)].outputs);
    }
  });
});
