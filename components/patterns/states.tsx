"use client";

import { useEffect, useState, type ReactNode } from "react";
import { Button } from "@/components/ui/button";
import { Hash } from "./copy";
import { Glyph } from "./status";

interface EmptyProps {
  title: string;
  /** What this is and why it is empty. */
  children: ReactNode;
  /** One act. */
  act?: ReactNode;
}

/** Nothing here: what it is, why, and one thing to do. */
export function Empty({ title, children, act }: EmptyProps) {
  return (
    <div className="grid max-w-[52ch] gap-2 px-4 py-6 phone:px-3">
      <p className="font-semibold">{title}</p>
      <div className="text-ink-2">{children}</div>
      {act && <div className="mt-1">{act}</div>}
    </div>
  );
}

export interface Failure {
  message: string;
  hint?: string | undefined;
  requestId?: string | undefined;
}

interface ErrorNoteProps {
  failure: Failure;
  onRetry?: () => void;
  className?: string;
}

/** A section that failed: what happened, what to check, the id to quote, and a way to try again. */
export function ErrorNote({ failure, onRetry, className = "px-4 py-3 phone:px-3" }: ErrorNoteProps) {
  return (
    <div role="alert" className={`flex items-start gap-2 ${className}`}>
      <Glyph tone="failed" className="mt-1 size-3" />
      <div className="grid min-w-0 gap-0.5">
        <p className="font-medium first-letter:uppercase">{failure.message}</p>
        {failure.hint && <p className="text-12 text-ink-2">{failure.hint}</p>}
        {failure.requestId && (
          <p className="flex items-center gap-1 text-12 text-ink-3">
            Request <Hash value={failure.requestId} label="Copy request id" />
          </p>
        )}
      </div>
      {onRetry && (
        <Button size="small" className="ml-auto" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  );
}

interface Answer<T> {
  data: T | undefined;
  error: Failure | null;
  refetch: () => unknown;
}

interface LoadedProps<T> {
  answer: Answer<T>;
  /** Of the skeleton. */
  rows?: number;
  className?: string;
  children: (data: T) => ReactNode;
}

/** What depends on an answer: its skeleton, its error, then itself. An error over older facts leaves those standing. */
export function Loaded<T>({ answer, rows = 6, className, children }: LoadedProps<T>) {
  if (answer.data !== undefined) return children(answer.data);
  if (!answer.error) return <Skeleton rows={rows} />;
  return (
    <ErrorNote
      failure={answer.error}
      {...(className === undefined ? {} : { className })}
      onRetry={() => void answer.refetch()}
    />
  );
}

/** The final shape, in grey, once a wait is longer than 200 ms. */
export function Skeleton({ rows = 4, className = "" }: { rows?: number; className?: string }) {
  const [isShown, setIsShown] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setIsShown(true), 200);
    return () => clearTimeout(timer);
  }, []);
  return (
    <div
      role="status"
      aria-label="Loading"
      className={`transition-opacity ${isShown ? "opacity-100" : "opacity-0"} ${className}`}
    >
      {Array.from({ length: rows }, (_, row) => (
        <div key={row} className="flex h-(--row) items-center gap-4 border-b border-line px-4 phone:px-3">
          <span className="h-2.5 w-32 rounded-1 bg-track" />
          <span className="h-2.5 w-20 rounded-1 bg-bar" />
          <span className="ml-auto h-2.5 w-16 rounded-1 bg-bar" />
        </div>
      ))}
    </div>
  );
}
