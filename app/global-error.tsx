"use client";

/** The console itself could not be shown: no styles, no shell, plain words. */
export default function GlobalError({ error, reset }: { error: Error & { digest?: string }; reset: () => void }) {
  return (
    <html lang="en">
      <body>
        <h1>The console could not be shown</h1>
        <p>
          Does its database answer? The web server&apos;s log has the cause
          {error.digest ? ` under ${error.digest}` : ""}.
        </p>
        <button type="button" onClick={reset}>
          Try again
        </button>
      </body>
    </html>
  );
}
