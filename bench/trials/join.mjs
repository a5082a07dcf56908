import { bytesField, readFields, textField } from '../../dist/liveness/onnx/protobuf.js';

/** Numbers of fields, from the ONNX format's own description (onnx.proto). */
const MODEL = { graph: 7 };
const GRAPH = { node: 1, name: 2, initializer: 5, input: 11, output: 12 };
const NODE = { input: 1, output: 2, name: 3 };
const TENSOR_NAME = 8;
const VALUE_NAME = 1;

/** A message with the texts of these fields prefixed. */
function prefixed(bytes, fields, prefix) {
  return Buffer.concat(
    readFields(bytes).map(({ number, start, end, value }) =>
      fields.includes(number) && value !== null && value.length > 0
        ? textField(number, prefix + Buffer.from(value).toString())
        : bytes.subarray(start, end),
    ),
  );
}

function members(graph, prefix) {
  const names = {
    [GRAPH.node]: Object.values(NODE),
    [GRAPH.initializer]: [TENSOR_NAME],
    [GRAPH.input]: [VALUE_NAME],
    [GRAPH.output]: [VALUE_NAME],
  };
  return readFields(graph)
    .filter(({ number }) => Object.hasOwn(names, number))
    .map(({ number, value }) => bytesField(number, prefixed(value, names[number], prefix)));
}

/** Two ONNX models as one with the inputs and outputs of both, their names with `a_` and `b_` in front. */
export function joined(one, other) {
  const graphOf = (model) => readFields(model).find(({ number }) => number === MODEL.graph).value;
  const graph = Buffer.concat([
    ...members(graphOf(one), 'a_'),
    textField(GRAPH.name, 'joined'),
    ...members(graphOf(other), 'b_'),
  ]);
  const rest = readFields(one).filter(({ number }) => number !== MODEL.graph);
  return Buffer.concat([
    ...rest.map(({ start, end }) => one.subarray(start, end)),
    bytesField(MODEL.graph, graph),
  ]);
}
