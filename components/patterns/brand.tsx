/** The mark: an anchor's crown that holds. */
export function Brand() {
  return (
    <svg
      viewBox="0 0 18 18"
      className="size-[18px]"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.75"
      strokeLinecap="round"
      aria-hidden="true"
    >
      <path d="M9 1.5v8" />
      <path d="M9 9.5v7" />
      <path d="M9 8.5c0 3.4-4.6 2.6-5.4 8" />
      <path d="M9 8.5c0 3.4 4.6 2.6 5.4 8" />
      <path d="M5.6 3.4c0 2.2 3.4 2 3.4 4.6 0-2.6 3.4-2.4 3.4-4.6" />
    </svg>
  );
}
