"use client";

import { useVirtualizer } from "@tanstack/react-virtual";
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type RefObject } from "react";
import { Button, buttonStyles } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { Select } from "@/components/ui/select";
import { formatCount, formatCountOf } from "@/lib/kernel/format";
import { LogRow, type ViewedLine } from "./log-row";
import { useFollow } from "./use-follow";
import { useLogSearch } from "./use-log-search";

export type LogConnection = "streaming" | "polling" | "disconnected" | "ended";

interface LogViewerProps {
  lines: readonly ViewedLine[];
  connection: LogConnection;
  /** The oldest lines are left out here; the download holds all. */
  isTruncated: boolean;
  downloadHref: string;
  steps: readonly { key: string; title: string }[];
  chosenStep: string | null;
  onChooseStep: (key: string | null) => void;
}

const ALL = "";

/** The run's log: follows the newest line until the reader scrolls up. */
export function LogViewer(props: LogViewerProps) {
  const { lines: allLines, connection, chosenStep } = props;
  const lines = useMemo(
    () => (chosenStep ? allLines.filter((line) => line.step === chosenStep) : allLines),
    [allLines, chosenStep],
  );
  const [isWrapped, setIsWrapped] = useState(true);
  const scroller = useRef<HTMLDivElement>(null);
  const input = useRef<HTMLInputElement>(null);
  const { isFollowing, setIsFollowing, handlers } = useFollow();
  // eslint-disable-next-line react-hooks/incompatible-library -- the compiler that it warns of is not in use
  const virtualizer = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 20,
    overscan: 20,
    getItemKey: (index) => lines[index]?.id ?? index,
  });
  const height = virtualizer.getTotalSize();
  useEffect(() => {
    const element = scroller.current;
    if (element && isFollowing) element.scrollTop = element.scrollHeight;
  }, [isFollowing, height, lines.length]);
  const resume = () => setIsFollowing(true);
  const goTo = useCallback(
    (index: number) => {
      setIsFollowing(false);
      virtualizer.scrollToIndex(index, { align: "center" });
      // The line that the keyboard went to is a link, too.
      const line = lines[index];
      if (line) window.history.replaceState(null, "", `#L${line.id}`);
    },
    [virtualizer, lines, setIsFollowing],
  );
  const search = useLogSearch(lines, goTo);
  const linked = useLinkedLine(lines, goTo);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.target instanceof HTMLInputElement || event.metaKey || event.ctrlKey || event.altKey) return;
    if (event.key === "n") search.step(1);
    else if (event.key === "N") search.step(-1);
    else if (event.key === "End") resume();
    else return;
    event.preventDefault();
  };
  return (
    <section
      aria-label="Log"
      className="grid h-full min-h-0 min-w-0 grid-rows-[auto_minmax(0,1fr)_auto] border-l border-line bg-sunken phone:order-4 phone:h-[420px] phone:border-t phone:border-l-0"
      onKeyDown={onKeyDown}
    >
      <div className="flex h-8 items-center gap-1.5 border-b border-line pr-1.5 pl-3 text-12 phone:h-10">
        <h2 className="font-semibold">Log</h2>
        <SearchBox search={search} inputRef={input} />
        <Select
          label="Step"
          size="small"
          look="quiet"
          value={chosenStep ?? ALL}
          options={[
            { value: ALL, label: "All steps" },
            ...props.steps.map((step) => ({ value: step.key, label: step.title })),
          ]}
          onChange={(key) => props.onChooseStep(key === ALL ? null : key)}
        />
        <Counts lines={lines} onGoTo={goTo} />
        <HeadButtons isWrapped={isWrapped} onWrap={setIsWrapped} downloadHref={props.downloadHref} />
      </div>
      <div
        ref={scroller}
        role="log"
        aria-label="Log lines"
        aria-live="off"
        tabIndex={0}
        className="overflow-auto py-1.5"
        {...handlers}
      >
        {props.isTruncated && (
          <p className="px-3 pb-1 text-12 text-ink-3">Older lines are left out here; the download holds all.</p>
        )}
        {lines.length === 0 && <NoLines connection={connection} isFiltered={allLines.length > 0} />}
        <ol className="relative w-full" style={{ height }}>
          {virtualizer.getVirtualItems().map((item) => {
            const line = lines[item.index];
            return line ? (
              <LogRow
                key={line.id}
                line={line}
                index={item.index}
                offset={item.start}
                measure={virtualizer.measureElement}
                isWrapped={isWrapped}
                isMarked={line.id === linked || item.index === search.at}
                isNewest={item.index === lines.length - 1 && connection !== "ended"}
                needle={search.needle}
              />
            ) : null;
          })}
        </ol>
      </div>
      <Tail connection={connection} isFollowing={isFollowing} count={lines.length} onResume={resume} />
    </section>
  );
}

/** The line of `#L123`: scrolled to once it is there. */
function useLinkedLine(lines: readonly ViewedLine[], goTo: (index: number) => void): number | null {
  const [linked, setLinked] = useState<number | null>(null);
  const isDone = useRef(false);
  useEffect(() => {
    const read = () => {
      const match = /^#L(\d+)$/.exec(window.location.hash);
      isDone.current = false;
      setLinked(match ? Number(match[1]) : null);
    };
    read();
    window.addEventListener("hashchange", read);
    return () => window.removeEventListener("hashchange", read);
  }, []);
  useEffect(() => {
    if (linked === null || isDone.current) return;
    const index = lines.findIndex((line) => line.id === linked);
    if (index === -1) return;
    isDone.current = true;
    goTo(index);
  }, [linked, lines, goTo]);
  return linked;
}

interface HeadButtonsProps {
  isWrapped: boolean;
  onWrap: (isWrapped: boolean) => void;
  downloadHref: string;
}

function HeadButtons({ isWrapped, onWrap, downloadHref }: HeadButtonsProps) {
  return (
    <>
      <Button
        look="quiet"
        size="icon-small"
        aria-label="Wrap lines"
        aria-pressed={isWrapped}
        title="Wrap lines"
        onClick={() => onWrap(!isWrapped)}
      >
        <Icon name="wrap" />
      </Button>
      <a
        href={downloadHref}
        download
        aria-label="Download log"
        title="Download log"
        className={buttonStyles({ look: "quiet", size: "icon-small" })}
      >
        <Icon name="download" />
      </a>
    </>
  );
}

interface SearchBoxProps {
  search: ReturnType<typeof useLogSearch>;
  inputRef: RefObject<HTMLInputElement | null>;
}

function SearchBox({ search, inputRef }: SearchBoxProps) {
  return (
    <span className="flex h-6 w-32 items-center gap-1.5 rounded-1 border border-field bg-bg px-1.5 text-ink-3 focus-within:outline-2 focus-within:outline-running phone:h-9 phone:w-24">
      <Icon name="search" className="size-3" />
      <input
        ref={inputRef}
        data-search=""
        type="search"
        aria-label="Find in the log"
        placeholder="Find"
        value={search.text}
        className="min-w-0 flex-1 bg-transparent text-12 text-ink outline-none phone:text-16 [&::-webkit-search-cancel-button]:hidden"
        onChange={(event) => search.setText(event.target.value)}
        onKeyDown={(event) => {
          if (event.key === "Enter") search.step(event.shiftKey ? -1 : 1);
          if (event.key === "Escape") {
            search.setText("");
            inputRef.current?.blur();
          }
        }}
      />
      {search.needle ? (
        <span className="whitespace-nowrap" aria-live="polite">
          {search.position}/{search.total}
        </span>
      ) : (
        <kbd className="rounded-[3px] border border-line bg-bg px-1 text-11 phone:hidden">/</kbd>
      )}
    </span>
  );
}

function Counts({ lines, onGoTo }: { lines: readonly ViewedLine[]; onGoTo: (index: number) => void }) {
  const count = (level: string) => lines.filter((line) => line.level === level).length;
  const kinds = [
    { level: "error", count: count("error"), noun: "error" },
    { level: "warning", count: count("warning"), noun: "warning" },
  ];
  return (
    <span className="ml-auto flex gap-2 whitespace-nowrap text-ink-2 phone:hidden rail:hidden">
      {kinds.map(({ level, count: n, noun }) => {
        const text = formatCountOf(n, noun);
        return n === 0 ? (
          <span key={level}>{text}</span>
        ) : (
          <button
            key={level}
            type="button"
            className="link"
            onClick={() => onGoTo(lines.findIndex((line) => line.level === level))}
          >
            {text}
          </button>
        );
      })}
    </span>
  );
}

function NoLines({ connection, isFiltered }: { connection: LogConnection; isFiltered: boolean }) {
  const text = isFiltered
    ? "This step has written no lines."
    : connection === "ended"
      ? "The run wrote no log."
      : "Nothing written yet. Lines appear here as the runner writes them.";
  return <p className="px-3 py-1 text-12 text-ink-3">{text}</p>;
}

const WORDS: Record<LogConnection, string> = {
  streaming: "Following",
  polling: "Following, every 2s",
  disconnected: "Disconnected, trying again",
  ended: "Ended",
};

function Tail(props: { connection: LogConnection; isFollowing: boolean; count: number; onResume: () => void }) {
  const { connection, isFollowing, count, onResume } = props;
  const isLive = connection === "streaming" || connection === "polling";
  return (
    <div className="flex h-7 items-center gap-3 border-t border-line px-3 text-12 phone:h-10">
      <span className="inline-flex items-center gap-1.5">
        <i
          aria-hidden="true"
          className={`size-[7px] rounded-full ${isLive && isFollowing ? "bg-ok" : "border border-idle"}`}
        />
        {isLive && !isFollowing ? "Paused" : WORDS[connection]}
      </span>
      <span className="truncate text-ink-3">{formatCount(count)} lines, secrets masked</span>
      {!isFollowing && (
        <Button look="quiet" size="small" className="ml-auto" onClick={onResume}>
          <Icon name="down" className="size-3" />
          Jump to latest
        </Button>
      )}
      {isFollowing && isLive && (
        <span className="ml-auto whitespace-nowrap text-ink-3 phone:hidden">stops when you scroll up</span>
      )}
    </div>
  );
}
