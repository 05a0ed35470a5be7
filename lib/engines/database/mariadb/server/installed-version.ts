import { runProgram } from "@/lib/engines/shared/process";
import { ENGINE } from "../map-error";
import { findServerProgram } from "./server-programs";

/** The version of this machine's server, as it names itself. @throws EngineError where none is installed */
export async function installedVersion(signal: AbortSignal): Promise<string> {
  const printed = await runProgram({
    engine: ENGINE,
    operation: "ask the server's version",
    program: await findServerProgram("mariadbd"),
    args: ["--version"],
    signal,
    hint: "Is it installed well?",
  });
  return /Ver (\S+)/.exec(printed)?.[1] ?? "";
}
