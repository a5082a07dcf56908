/** Whether a text in a JSON value has a NUL character, which no database keeps; however deep it nests. */
export function hasNul(value: unknown): boolean {
  const open: unknown[] = [value];
  while (open.length > 0) {
    const one = open.pop();
    if (typeof one === 'string' && one.includes('\u0000')) return true;
    if (typeof one === 'object' && one !== null) for (const member of Object.values(one)) open.push(member);
  }
  return false;
}
