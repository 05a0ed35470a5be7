import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { childEnvironment } from "@/lib/kernel/env";

const PERSON = "Practice shop <shop@example.com>";

/** Commits a directory as the first release of its code. What `.gitignore` names stays out of it. @throws Error with git's own words */
export async function releaseCode(directory: string): Promise<void> {
  const git = (...args: string[]) =>
    promisify(execFile)("git", ["-c", "user.name=Practice shop", "-c", "user.email=shop@example.com", ...args], {
      cwd: directory,
      env: childEnvironment({ GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_NOSYSTEM: "1" }),
    });
  await git("init", "--quiet", "--initial-branch=main");
  await git("add", "--all");
  await git("commit", "--quiet", `--author=${PERSON}`, "--message=The shop as it is sold");
  await git("tag", "--annotate", "v1.0.0", "--message=First release");
}
