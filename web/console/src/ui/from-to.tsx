import { TimeField } from './search.tsx';

/** A year that is being typed digit by digit is none yet. */
const FIRST_YEAR = 2000;

const isWhole = (moment: string) => moment === '' || new Date(moment).getUTCFullYear() >= FIRST_YEAR;

/** Two fields for a time range, as ISO 8601 in UTC; empty: no such end. */
export function FromTo(props: {
  readonly from: string;
  readonly to: string;
  readonly onChange: (change: { readonly from?: string; readonly to?: string }) => void;
}) {
  const { from, to, onChange } = props;
  const change = (name: 'from' | 'to', value: string) => {
    if (isWhole(value) && value !== props[name]) onChange({ [name]: value });
  };
  return (
    <>
      <TimeField label="decisions.from" value={from} onChange={(value) => change('from', value)} />
      <TimeField label="decisions.to" value={to} onChange={(value) => change('to', value)} />
    </>
  );
}
