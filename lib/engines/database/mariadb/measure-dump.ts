import type { Readable } from "node:stream";
import { EngineError } from "@/lib/kernel/errors";
import type { DumpContent } from "../port";
import { DumpScanner } from "./dump/scan-dump";
import { MalformedDumpError } from "./dump/split-dump";
import { ENGINE } from "./map-error";

/**
 * What a dump's text holds, read and thrown away; the stream's own error is passed on.
 * @throws EngineError of kind `damage` where it is not whole
 */
export async function measureDump(sql: Readable): Promise<DumpContent> {
  const scanner = new DumpScanner();
  try {
    for await (const chunk of sql as AsyncIterable<Buffer>) scanner.push(chunk);
    const { position, tables, counts } = scanner.end();
    return { position, tables, objects: counts };
  } catch (error) {
    if (!(error instanceof MalformedDumpError)) throw error;
    throw new EngineError(`the dump is not whole: ${error.message}`, {
      engine: ENGINE,
      operation: "look through the dump",
      permanent: true,
      kind: "damage",
      hint: "Use another backup, and take a new full backup now: this one was not whole when it was stored.",
    });
  } finally {
    sql.destroy();
  }
}
