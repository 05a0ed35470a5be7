import type { ReactNode } from "react";

const PATHS = {
  overview: "M2.5 9.5a5.5 5.5 0 0 1 11 0M8 9.5l2.6-3M1.8 12.5h12.4",
  systems: "M2.5 3h11v4h-11zM2.5 9h11v4h-11zM5 5h.01M5 11h.01",
  backups: "M2 3h12v3H2zM3 6v7h10V6M6.5 8.8h3",
  repositories:
    "M3 4.2c0-1 2.2-1.7 5-1.7s5 .7 5 1.7-2.2 1.7-5 1.7-5-.7-5-1.7zM3 4.2v7.6c0 1 2.2 1.7 5 1.7s5-.7 5-1.7V4.2M3 8c0 1 2.2 1.7 5 1.7s5-.7 5-1.7",
  verification: "M8 2.2 13 4v4.2c0 2.7-2 4.6-5 5.6-3-1-5-2.9-5-5.6V4zM5.6 8l1.8 1.8 3.2-3.5",
  recovery: "M2.6 6.2A5.6 5.6 0 1 1 2.4 9M2.3 2.8v3.5h3.5M8 5.3V8l2 1.3",
  runs: "M2.5 4h4M2.5 8h7M2.5 12h4M10 4h3.5M13 8h.5M10 12h3.5",
  drills: "M3 2.5h10v11H3zM5.3 8l1.8 1.8 3.6-3.9",
  alerts:
    "M8 2.2a3.8 3.8 0 0 1 3.8 3.8c0 3.4 1.4 4.6 1.4 4.6H2.8S4.2 9.4 4.2 6A3.8 3.8 0 0 1 8 2.2zM6.6 13a1.5 1.5 0 0 0 2.8 0",
  audit: "M4 2.5h8v11H4zM6.5 5.5h3M6.5 8h3M6.5 10.5h1.5",
  down: "M4.5 6.5 8 10l3.5-3.5",
  right: "M6.5 4.5 10 8l-3.5 3.5",
  up: "M4.5 9.5 8 6l3.5 3.5",
  close: "M4.5 4.5l7 7M11.5 4.5l-7 7",
  moon: "M13 9.6A5.5 5.5 0 1 1 6.4 3a4.4 4.4 0 0 0 6.6 6.6z",
  copy: "M6 6h7v7H6zM10 3.5V3H3v7h.5",
  check: "M3.5 8.4 6.6 11.5 12.5 5",
  download: "M8 2.5v8M4.8 7.5 8 10.7l3.2-3.2M3 13.5h10",
  wrap: "M2.5 4h11M2.5 8h8.5a2.2 2.2 0 0 1 0 4.4H8M9.7 10.7 8 12.4l1.7 1.7",
  plus: "M8 3.5v9M3.5 8h9",
  menu: "M2.5 4.5h11M2.5 8h11M2.5 11.5h11",
  restore: "M2.6 6.2A5.6 5.6 0 1 1 2.4 9M2.3 2.8v3.5h3.5",
  link: "M6.8 9.2a2.3 2.3 0 0 0 3.3 0l2.2-2.2a2.3 2.3 0 1 0-3.3-3.3l-.7.7M9.2 6.8a2.3 2.3 0 0 0-3.3 0L3.7 9a2.3 2.3 0 1 0 3.3 3.3l.7-.7",
} as const;

const SHAPES = {
  settings: (
    <>
      <path d="M2 4.5h7M12 4.5h2M2 11.5h2M7 11.5h7" />
      <circle cx="10.5" cy="4.5" r="1.5" />
      <circle cx="5.5" cy="11.5" r="1.5" />
    </>
  ),
  search: (
    <>
      <path d="M10.3 10.3 13.5 13.5" />
      <circle cx="7" cy="7" r="4.3" />
    </>
  ),
  sun: (
    <>
      <path d="M8 1.5v1.5M8 13v1.5M1.5 8H3M13 8h1.5M3.4 3.4l1 1M11.6 11.6l1 1M12.6 3.4l-1 1M4.4 11.6l-1 1" />
      <circle cx="8" cy="8" r="2.7" />
    </>
  ),
  more: (
    <g fill="currentColor" stroke="none">
      <circle cx="3.5" cy="8" r="1.2" />
      <circle cx="8" cy="8" r="1.2" />
      <circle cx="12.5" cy="8" r="1.2" />
    </g>
  ),
  stop: <rect x="4" y="4" width="8" height="8" rx="1" fill="currentColor" stroke="none" />,
} as const satisfies Record<string, ReactNode>;

export type IconName = keyof typeof PATHS | keyof typeof SHAPES;

/** A 16 px line icon in the current colour. It never stands alone: the button around it carries the name. */
export function Icon({ name, className = "size-4" }: { name: IconName; className?: string }) {
  const shape = name in SHAPES ? SHAPES[name as keyof typeof SHAPES] : <path d={PATHS[name as keyof typeof PATHS]} />;
  return (
    <svg
      viewBox="0 0 16 16"
      className={className}
      fill="none"
      stroke="currentColor"
      strokeWidth="1.4"
      strokeLinecap="round"
      strokeLinejoin="round"
      aria-hidden="true"
    >
      {shape}
    </svg>
  );
}
