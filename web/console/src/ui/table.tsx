import type { ComponentChildren } from 'preact';
import { number, t } from '../i18n/index.ts';
import type { Pages } from '../use-pages.ts';
import { Empty, Failed, Loading } from './states.tsx';

/** A table that scrolls by itself where the page is too narrow for it. */
export function Table(props: {
  readonly label: string;
  readonly head: readonly string[];
  readonly children: ComponentChildren;
  readonly numeric?: readonly number[];
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
    <div class="table-box" role="group" aria-label={props.label} tabIndex={0}>
      <table>
        <caption class="unseen">{props.label}</caption>
        <thead>
          <tr>
            {props.head.map((name, index) => (
              <th key={name} scope="col" class={props.numeric?.includes(index) === true ? 'right' : ''}>
                {name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{props.children}</tbody>
      </table>
    </div>
  );
}

/** A column of a list. */
export interface Column<T> {
  readonly name: string;
  readonly cell: (row: T) => ComponentChildren;
  readonly isNumeric?: boolean;
  /** The names of columns with controls alone are only for those who do not see them. */
  readonly isUnseen?: boolean;
  /** Where it stands in a compact row: with its name before it, at the end of its line, or in a line of its own. */
  readonly place?: 'named' | 'end' | 'whole';
}

/**
 * Rows that become cards, one below the other, where the page is too narrow for a table: the first column is
 * their title. Compact ones become two or three lines each, for lists of many.
 */
export function Rows<T>(props: {
  readonly label: string;
  readonly columns: readonly Column<T>[];
  readonly rows: readonly T[];
  readonly idOf: (row: T, index: number) => string;
  readonly isCompact?: boolean;
}) {
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for fields
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by the keyboard
    <div class="table-box" role="group" aria-label={props.label} tabIndex={0}>
      <table class={props.isCompact === true ? 'lines' : 'cards'}>
        <caption class="unseen">{props.label}</caption>
        <thead>
          <tr>
            {props.columns.map(({ name, isNumeric, isUnseen }) => (
              <th key={name} scope="col" class={isNumeric === true ? 'right' : ''}>
                {isUnseen === true ? <span class="unseen">{name}</span> : name}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {props.rows.map((row, index) => (
            <tr key={props.idOf(row, index)}>
              {props.columns.map(({ name, cell, isNumeric, isUnseen, place }) => (
                <td
                  key={name}
                  class={[
                    isNumeric === true || isUnseen === true ? 'right' : '',
                    isUnseen === true ? 'deeds-cell' : '',
                    place === undefined ? '' : `at-${place}`,
                  ].join(' ')}
                  data-name={isUnseen === true ? undefined : name}
                >
                  {cell(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** How many rows are shown, for those who do not see them come. */
export const Shown = ({ count }: { readonly count: number }) => (
  <p class="unseen">{t('list.shown', { n: number(count) })}</p>
);

/** A list that is read page by page: its states, its rows, and the way to more of them. */
export function Listed<T>(props: {
  readonly pages: Pages<T>;
  /** What is said where there is none. */
  readonly empty: ComponentChildren;
  readonly children: (rows: readonly T[]) => ComponentChildren;
}) {
  const { rows, next, error, isLoading, more } = props.pages;
  const isEmpty = rows.length === 0;
  return (
    <>
      {!isEmpty && props.children(rows)}
      {error !== null && <Failed error={error} retry={more} />}
      <div aria-live="polite">
        {isLoading && isEmpty && <Loading />}
        {!isLoading && isEmpty && error === null && <Empty>{props.empty}</Empty>}
        {!isLoading && !isEmpty && <Shown count={rows.length} />}
      </div>
      {next !== null && error === null && !isEmpty && (
        <p class="state">
          <button type="button" class="button" onClick={more} disabled={isLoading}>
            {t('list.more')}
          </button>
        </p>
      )}
    </>
  );
}
