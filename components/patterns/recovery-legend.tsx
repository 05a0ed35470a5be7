import type { CSSProperties } from "react";

/** The marks of the recovery line in words. */
export function Legend({ hasIncrements, hasLog }: { hasIncrements: boolean; hasLog: boolean }) {
  const item = "inline-flex items-center gap-[5px]";
  return (
    <span className="ml-auto flex gap-3.5 text-12 text-ink-3 narrow:hidden">
      <span className={item}>
        <i className="h-3 w-[3px] bg-ink-2" />
        full, proven
      </span>
      <span className={item}>
        <i className="h-3 w-[5px] border border-ink-2 bg-bg" />
        full, not proven yet
      </span>
      {hasIncrements && (
        <span className={item}>
          <i className="h-2 w-[5px] border border-ink-2 bg-bg" />
          increment
        </span>
      )}
      {hasLog && (
        <>
          <span className={item}>
            <i className="h-[7px] w-3.5 bg-mark" />
            log
          </span>
          <span className={item}>
            <i className="h-[7px] w-3.5 hatch text-warning outline outline-warning" />
            gap
          </span>
        </>
      )}
      <span className={item}>
        <Cross className="" />
        no copy
      </span>
    </span>
  );
}

export function Cross({ className, style, title }: { className: string; style?: CSSProperties; title?: string }) {
  return (
    <i
      title={title}
      style={style}
      className={`size-[7px] [background:linear-gradient(45deg,transparent_42%,var(--ink-3)_42%_58%,transparent_58%),linear-gradient(-45deg,transparent_42%,var(--ink-3)_42%_58%,transparent_58%)] ${className}`}
    />
  );
}
