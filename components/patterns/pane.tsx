import type { ReactNode } from "react";

interface PaneHeadProps {
  title: ReactNode;
  /** Count or scope, in quieter ink. */
  scope?: ReactNode;
  /** One quiet link at the right. */
  more?: ReactNode;
  children?: ReactNode;
  className?: string;
}

/** The head of a section: title, scope, one quiet link. */
export function PaneHead({ title, scope, more, children, className = "" }: PaneHeadProps) {
  return (
    <div className={`flex h-[34px] items-center gap-2 text-12 whitespace-nowrap ${className}`}>
      <h2 className="font-semibold">{title}</h2>
      {scope !== undefined && scope !== null && <span className="text-ink-3">{scope}</span>}
      {children}
      {more && <span className="ml-auto text-ink-3 hover:[&>a]:text-ink">{more}</span>}
    </div>
  );
}

/** Content between hairlines; never boxed. */
export function Pane({ label, children, className = "" }: { label: string; children: ReactNode; className?: string }) {
  return (
    <section aria-label={label} className={`min-w-0 px-4 phone:px-3 ${className}`}>
      {children}
    </section>
  );
}

/** Names and values in two columns. */
export function KeyValues({ children, className = "" }: { children: ReactNode; className?: string }) {
  return <dl className={`text-12 ${className}`}>{children}</dl>;
}

export function KeyValue({
  name,
  children,
  width = "w-[68px]",
}: {
  name: string;
  children: ReactNode;
  width?: string;
}) {
  return (
    <div className="flex min-h-[22px] items-center gap-2 tall:min-h-[26px]">
      <dt className={`${width} shrink-0 text-ink-3`}>{name}</dt>
      <dd className="min-w-0 truncate">{children}</dd>
    </div>
  );
}

interface FactProps {
  name: string;
  children: ReactNode;
  /** One line of evidence. */
  evidence?: ReactNode;
}

/** A strip of facts under a page's title, divided by hairlines. */
export function Facts({ children, columns }: { children: ReactNode; columns: 4 | 5 | 6 }) {
  const grid = { 4: "grid-cols-4", 5: "grid-cols-5", 6: "grid-cols-6" }[columns];
  return (
    <dl
      className={`grid ${grid} border-y border-line phone:grid-cols-2 [&>div]:border-line [&>div+div]:border-l phone:[&>div:nth-child(n+3)]:border-t phone:[&>div:nth-child(odd)]:border-l-0`}
    >
      {children}
    </dl>
  );
}

export function Fact({ name, children, evidence }: FactProps) {
  return (
    <div className="min-w-0 px-4 pt-[5px] pb-1.5 phone:px-3">
      <dt className="truncate text-12 text-ink-3">{name}</dt>
      <dd className="flex items-center gap-1.5 whitespace-nowrap text-ink-3 phone:flex-wrap phone:gap-y-0 phone:whitespace-normal [&>b]:text-14 [&>b]:font-semibold [&>b]:text-ink">
        {children}
      </dd>
      <dd className="min-h-4 truncate text-12 text-ink-3 phone:[overflow-wrap:anywhere] phone:whitespace-normal">
        {evidence}
      </dd>
    </div>
  );
}

/** The head of a page: its name, its state, what it is, and at most one primary act. */
export function PageTitle({ children, acts }: { children: ReactNode; acts?: ReactNode }) {
  return (
    <div className="flex min-h-[46px] items-center gap-3 px-4 whitespace-nowrap phone:flex-wrap phone:gap-x-2.5 phone:gap-y-2 phone:px-3 phone:py-2.5 phone:whitespace-normal">
      {children}
      {acts && (
        <div className="ml-auto flex gap-2 phone:ml-0 phone:w-full phone:[&>*]:flex-1 phone:[&>*]:empty:hidden">
          {acts}
        </div>
      )}
    </div>
  );
}

export function PageHeading({ children }: { children: ReactNode }) {
  return <h1 className="text-18 font-semibold tracking-[-0.015em]">{children}</h1>;
}
