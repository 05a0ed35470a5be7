import type { ApplicationHost, ApplicationStart } from "../port";

export interface MemoryApplications extends ApplicationHost {
  /** Everything that was started. */
  started: (ApplicationStart & { isStopped: boolean })[];
  /** Ends each application right after its start, with these words. */
  endsWith: string | null;
}

/** Applications of a test: they only remember that they were started. */
export function openMemoryApplications(): MemoryApplications {
  const host: MemoryApplications = {
    started: [],
    endsWith: null,
    freePort: () => Promise.resolve(4_100),
    start: async (start) => {
      await Promise.resolve();
      const one = { ...start, isStopped: false };
      host.started.push(one);
      const ended = Promise.withResolvers<{ exitCode: number | null; output: string }>();
      if (host.endsWith !== null) ended.resolve({ exitCode: 1, output: host.endsWith });
      return {
        exited: ended.promise,
        stop: () => {
          one.isStopped = true;
          ended.resolve({ exitCode: 0, output: "" });
          return Promise.resolve();
        },
      };
    },
  };
  return host;
}
