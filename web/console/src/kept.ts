/** What is kept in this browser; nothing where the browser keeps nothing. */
export const kept = {
  /** The kept value, where it is one of those that are possible. */
  read<T extends string>(name: string, possible: readonly T[]): T | null {
    try {
      const value = localStorage.getItem(`livestill.${name}`);
      return possible.find((one) => one === value) ?? null;
    } catch {
      return null;
    }
  },
  write(name: string, value: string): void {
    try {
      localStorage.setItem(`livestill.${name}`, value);
    } catch {
      // A private window without storage: the choice lasts as long as the page.
    }
  },
};
