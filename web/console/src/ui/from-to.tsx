import { TimeField } from './time-field.tsx';

/** Two fields for a time range, as ISO 8601 in UTC; empty: no such end. */
export function FromTo(props: {
  readonly from: string;
  readonly to: string;
  readonly onChange: (change: { readonly from?: string; readonly to?: string }) => void;
}) {
  const { from, to, onChange } = props;
  return (
    <>
      <TimeField label="decisions.from" value={from} onChange={(value) => onChange({ from: value })} />
      <TimeField label="decisions.to" value={to} onChange={(value) => onChange({ to: value })} />
    </>
  );
}
