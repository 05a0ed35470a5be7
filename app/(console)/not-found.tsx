import Link from "next/link";

export default function NotFound() {
  return (
    <div className="grid min-h-[60dvh] content-center justify-items-start gap-2 px-4">
      <h1 className="text-18 font-semibold">There is nothing here</h1>
      <p className="text-ink-2">It never existed, was removed, or is not for you to see.</p>
      <Link href="/" className="link">
        Overview
      </Link>
    </div>
  );
}
