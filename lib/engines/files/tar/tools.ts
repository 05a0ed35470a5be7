import { runProgram } from "@/lib/engines/shared/process";
import { ENGINE, failed } from "./fail";

const OPERATION = "look at the programs";
const TAR = /^tar \(GNU tar\) (\d+)\.(\d+)/;
/** From this version on the xattr and posix options do what is relied on here. */
const MINOR_MIN = 29;

/** The tar of this machine, such as `GNU tar 1.34`. @throws EngineError where tar or find is not the GNU one */
export async function requireTools(signal: AbortSignal): Promise<string> {
  const [tar, find] = [await versionOf("tar", signal), await versionOf("find", signal)];
  const [, major = "0", minor = "0"] = TAR.exec(tar) ?? [];
  const isNew = Number(major) > 1 || (Number(major) === 1 && Number(minor) >= MINOR_MIN);
  if (isNew && find.includes("GNU findutils")) return `GNU tar ${major}.${minor}`;
  throw failed(OPERATION, `files need GNU tar 1.${MINOR_MIN} or later and GNU find, not "${tar}" and "${find}"`, {
    permanent: true,
    hint: "Install tar and findutils of the GNU project on this runner's machine.",
  });
}

async function versionOf(program: string, signal: AbortSignal): Promise<string> {
  const text = await runProgram({
    engine: ENGINE,
    operation: OPERATION,
    program,
    args: ["--version"],
    signal,
    hint: `Is GNU ${program} installed?`,
  });
  return text.split("\n")[0] ?? "";
}
