import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import type { NamedPaths } from "../port";
import { NamedList } from "./named-list";

/* What tar says on stderr with LC_ALL=C and --quoting-style=c: a line each, names between quotes. */

const REMARK = /^tar: "((?:[^"\\]|\\.)*)": (.*)$/;
const CHANGING =
  /^(?:file changed as we read it|File shrank by \d+ bytes?; padding with zeros|File removed before we read it)$/;
const VANISHED = /^Cannot (?:open|stat|readlink|savedir|read): No such file or directory$/;
/** Sockets stand in the listing; directories that are new are no news. */
const EXPECTED = /^(?:socket ignored|door ignored|Directory is new)$/;
const RENAMED = /^Directory has been renamed/;
const COMMON =
  /^(?:tar: )?(?:Total bytes written|Exiting with failure status due to previous errors|Error exit delayed from previous errors)/;
/** A tree that changes as a whole: more names than these are found by comparing the listings alone. */
const KEPT_MAX = 20_000;

export interface Remarks {
  /** Changed, shrank or went while they were read. */
  changing: Set<string>;
  renamed: string[];
  /** Everything else, word by word. */
  others: NamedPaths;
}

/** Reads to the end. `starts` are the names that tar was given: one of these must not vanish. */
export async function readRemarks(stderr: Readable, starts: readonly string[]): Promise<Remarks> {
  const changing = new Set<string>();
  const renamed: string[] = [];
  const others = new NamedList();
  for await (const line of createInterface({ input: stderr })) {
    const [, name = "", what = ""] = REMARK.exec(line) ?? [];
    if (COMMON.test(line) || EXPECTED.test(what)) continue;
    if (CHANGING.test(what) || (VANISHED.test(what) && !starts.includes(name))) {
      if (changing.size < KEPT_MAX) changing.add(name.replace(/(?!^)\/$/, ""));
    } else if (RENAMED.test(what)) renamed.push(name);
    else others.add(line.replace(/^tar: /, ""));
  }
  return { changing, renamed, others: others.value() };
}
