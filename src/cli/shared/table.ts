import stringWidth from 'string-width';
import { printableName } from './printable.ts';

/** One column of a table for people. */
export interface Column {
  readonly title: string;
  /** Numbers stand to the right. */
  readonly right?: boolean;
  /** Characters at least, where rows are not all known yet. */
  readonly width?: number;
}

/**
 * Width of a text on a terminal, in cells (Unicode Annex 11): East Asian wide characters and emoji take two,
 * combining marks none.
 */
export function cells(text: string): number {
  return stringWidth(text);
}

function pad(text: string, width: number, right: boolean): string {
  const space = ' '.repeat(Math.max(0, width - cells(text)));
  return right ? space + text : text + space;
}

/**
 * Lays out rows under their titles, two blanks between columns. Nothing in a cell acts on the terminal.
 *
 * @param paint colours a padded cell of a row; the titles are left alone.
 */
export function createTable(
  columns: readonly Column[],
  rows: readonly (readonly string[])[],
  paint: (text: string, column: number, row: readonly string[]) => string = (text) => text,
): { readonly head: string; line(row: readonly string[]): string } {
  const widths = columns.map((column, i) =>
    rows.reduce(
      (widest, row) => Math.max(widest, cells(printableName(row[i]))),
      Math.max(cells(column.title), column.width ?? 0),
    ),
  );
  const layout = (row: readonly string[], dress: typeof paint) =>
    row
      .map((text, i) => dress(pad(printableName(text), widths[i], columns[i].right === true), i, row))
      .join('  ')
      .trimEnd();
  return {
    head: layout(
      columns.map((c) => c.title),
      (text) => text,
    ),
    line: (row) => layout(row, paint),
  };
}
