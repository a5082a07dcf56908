/**
 * Those who ask while an answer is being made get that one: what it costs does not grow with how many ask.
 */
export function shared<T>(make: () => Promise<T>): () => Promise<T> {
  let underWay: Promise<T> | undefined;
  return () => {
    underWay ??= make().finally(() => {
      underWay = undefined;
    });
    return underWay;
  };
}
