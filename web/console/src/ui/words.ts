/** Lines or words of a field, without empty ones. */
export const wordsOf = (text: string): readonly string[] =>
  text.split(/[\s,]+/).filter((word) => word !== '');
