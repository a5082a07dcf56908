import type { ComponentChildren } from 'preact';

/** The scale below a histogram of scores. */
export function ScoreAxis() {
  return (
    <div class="histogram-axis dim" aria-hidden="true">
      {[0, 25, 50, 75, 100].map((score) => (
        <span key={score}>{score}</span>
      ))}
    </div>
  );
}

/** A line of a legend: the colour by its class, and what it stands for. */
export function LegendItem(props: { readonly colour: string; readonly children: ComponentChildren }) {
  return (
    <li>
      <svg width="10" height="10" aria-hidden="true">
        <rect width="10" height="10" rx="2" class={props.colour} />
      </svg>
      {props.children}
    </li>
  );
}
