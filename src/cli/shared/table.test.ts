import { describe, expect, it } from 'vitest';
import { cells, createTable } from './table.ts';

describe('cells', () => {
  it('counts what a terminal shows', () => {
    expect([cells('abc'), cells('人脸'), cells('e\u0301'), cells('')]).toEqual([3, 4, 1, 0]);
    expect([cells('👩‍💻.jpg'), cells('𠀀'), cells('ｶﾞ')]).toEqual([6, 2, 2]);
  });
});

describe('createTable', () => {
  const columns = [{ title: 'NAME' }, { title: 'N', right: true, width: 4 }, { title: 'NOTE' }];

  it('aligns columns by their widest cell, numbers to the right, nothing left at the end of a line', () => {
    const rows = [
      ['人脸照片', '7', 'x'],
      ['a', '12345', ''],
    ];
    const table = createTable(columns, rows);
    expect([table.head, ...rows.map(table.line)]).toEqual([
      'NAME          N  NOTE',
      '人脸照片      7  x',
      'a         12345',
    ]);
  });

  it('colours padded cells, so that colour does not shift columns', () => {
    const table = createTable(columns, [], (text, column) => (column === 0 ? `<${text}>` : text));
    expect(table.line(['ab', '1', 'z'])).toBe('<ab  >     1  z');
  });
});
