/**
 * For what anybody can bring about as often as they like: acts at once, then at most once in so many ms, and
 * says how often it would have acted since.
 * @param now the time in ms
 */
export function rarely(
  milliseconds: number,
  now = () => performance.now(),
): (act: (more: number) => void) => void {
  let last = Number.NEGATIVE_INFINITY;
  let more = 0;
  return (act) => {
    if (now() - last < milliseconds) {
      more++;
      return;
    }
    last = now();
    act(more);
    more = 0;
  };
}
