"use client";

import { ErrorNote } from "@/components/patterns/states";

/** A page that could not be made; the shell around it stands. */
export default function ConsoleError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <ErrorNote
      failure={{
        message: "the page could not be made",
        hint: "Try again; if it stays, the web server's log has the cause under this id.",
        requestId: error.digest,
      }}
      onRetry={reset}
    />
  );
}
