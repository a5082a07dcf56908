import type { ComponentChildren } from 'preact';
import { t } from '../../i18n/index.ts';
import { type Cell, csvOf } from '../../ui/csv.ts';
import { save } from '../../ui/files.ts';
import { Card } from '../../ui/parts.tsx';
import { Table } from '../../ui/table.tsx';

/** A chart with its numbers as a table and as CSV. */
export function ChartCard(props: {
  readonly title: string;
  readonly file: string;
  readonly head: readonly string[];
  readonly rows: readonly (readonly Cell[])[];
  /** What the numbers of the chart are, and in what steps. */
  readonly note?: string;
  readonly class?: string;
  readonly children: ComponentChildren;
}) {
  const { title, file, head, rows, children } = props;
  return (
    <Card
      title={title}
      class={props.class ?? ''}
      more={
        <button
          type="button"
          class="button small"
          disabled={rows.length === 0}
          onClick={() => save(`${file}.csv`, csvOf(head, rows), 'text/csv')}
        >
          {t('activity.csv')}
        </button>
      }
    >
      {props.note !== undefined && rows.length > 0 && <p class="chart-note dim">{props.note}</p>}
      {rows.length === 0 ? <p class="dim">{t('activity.none')}</p> : children}
      {rows.length > 0 && (
        <details>
          <summary>{t('activity.table')}</summary>
          <Table
            label={`${title}: ${t('activity.table')}`}
            head={head}
            numeric={head.map((_, index) => index).slice(1)}
          >
            {rows.map((row) => (
              <tr key={String(row[0])}>
                {row.map((cell, index) =>
                  index === 0 ? (
                    <th key={head[index]} scope="row">
                      {cell}
                    </th>
                  ) : (
                    <td key={head[index]} class="right mono">
                      {cell ?? '–'}
                    </td>
                  ),
                )}
              </tr>
            ))}
          </Table>
        </details>
      )}
    </Card>
  );
}
