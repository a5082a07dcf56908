const PATHS = {
  face: 'M4 8V6a2 2 0 0 1 2-2h2M16 4h2a2 2 0 0 1 2 2v2M20 16v2a2 2 0 0 1-2 2h-2M8 20H6a2 2 0 0 1-2-2v-2M9 10v.5M15 10v.5M9 15c1.800 1.500 4.200 1.500 6 0',
  chart: 'M4 20V4M4 20h16M8 16v-4M12 16V8M16 16v-6',
  list: 'M8 6h12M8 12h12M8 18h12M4 6h.01M4 12h.01M4 18h.01',
  apps: 'M4 4h7v7H4zM13 4h7v7h-7zM4 13h7v7H4zM17 14v6M14 17h6',
  users:
    'M9 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7M3 20c0-3.500 2.500-5.500 6-5.500s6 2 6 5.500M16 4.500a3.500 3.500 0 0 1 0 6.500M18 15c2 .7 3 2.500 3 5',
  key: 'M15 9a4 4 0 1 1-3.900-4A4 4 0 0 1 15 9M11 13l-7 7M4 20v-3M7 17l2 2',
  log: 'M6 3h9l4 4v14H6zM14 3v5h5M9 13h7M9 17h5',
  stack: 'M4 8l8-4 8 4-8 4-8-4M4 12l8 4 8-4M4 16l8 4 8-4',
  pen: 'M4 20h4L19 9l-4-4L4 16v4M13 7l4 4',
  pulse: 'M3 12h4l3-7 4 14 3-7h4',
  check: 'M4 5h16v14H4zM8 12l3 3 5-6',
  shield: 'M12 3l8 3v6c0 4.500-3.200 7.700-8 9-4.800-1.300-8-4.500-8-9V6zM9 12l2 2 4-4',
  slider: 'M4 7h9M17 7h3M15 5v4M4 16h3M11 16h9M9 14v4',
  menu: 'M4 7h16M4 12h16M4 17h16',
  close: 'M6 6l12 12M18 6L6 18',
  calendar: 'M5 6h14v14H5zM5 10h14M9 4v4M15 4v4',
  search: 'M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14M16 16l4 4',
  upload: 'M12 16V5M7 10l5-5 5 5M5 19h14',
} as const;

/** The name of a sign. */
export type IconName = keyof typeof PATHS;

/** A sign beside a text that says the same. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg
      class="icon"
      viewBox="0 0 24 24"
      width="20"
      height="20"
      fill="none"
      stroke="currentColor"
      stroke-width="1.8"
      stroke-linecap="round"
      stroke-linejoin="round"
      aria-hidden="true"
    >
      <path d={PATHS[name]} />
    </svg>
  );
}
