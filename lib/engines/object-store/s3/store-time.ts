import type { ListObjectsV2Command } from "@aws-sdk/client-s3";

/** Reads the `Date` of the answer to a command that is about to be sent. @returns asks for it afterwards; empty where there was none */
export function watchStoreTime(command: ListObjectsV2Command): () => { at?: Date } {
  let told: string | undefined;
  command.middlewareStack.add(
    (next) => async (args) => {
      const answer = await next(args);
      told = (answer.response as { headers?: Record<string, string> }).headers?.date;
      return answer;
    },
    { step: "deserialize", name: "watchStoreTime" },
  );
  return () => {
    const at = new Date(told ?? "");
    return Number.isNaN(at.getTime()) ? {} : { at };
  };
}
