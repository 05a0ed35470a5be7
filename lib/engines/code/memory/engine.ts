import { Readable } from "node:stream";
import { text } from "node:stream/consumers";
import { EngineError } from "@/lib/kernel/errors";
import type { CodeBundle, CodeEngine, CodeFacts, CodeRef, CodeSource } from "../port";

/** Code for tests: refs by the repository's path, in this process. What was restored is a repository too. */
export class MemoryCode implements CodeEngine {
  readonly repositories = new Map<string, CodeRef[]>();

  inspect({ path, tag }: CodeSource): Promise<CodeFacts> {
    const refs = this.repositories.get(path);
    if (!refs) return Promise.reject(failed("look at the repository", `"${path}" is no git repository`));
    const wanted = tag === undefined ? refs : refs.filter(({ name }) => name === `refs/tags/${tag}`);
    const objectId = refs[0]?.objectId ?? null;
    const head = tag === undefined ? { branch: refs[0]?.name ?? null, objectId } : null;
    return Promise.resolve({ refs: wanted, head, tool: "memory git" });
  }

  async bundle(source: CodeSource): Promise<CodeBundle> {
    const facts = await this.inspect(source);
    if (facts.refs.length === 0) throw failed("pack the repository", `the repository "${source.path}" is empty`);
    const bytes = Buffer.from(JSON.stringify(facts.refs));
    return {
      facts,
      sizeBytes: bytes.length,
      open: () => Readable.from([bytes]),
      close: () => Promise.resolve(),
    };
  }

  async verify(bundle: Readable): Promise<CodeRef[]> {
    return JSON.parse(await text(bundle)) as CodeRef[];
  }

  async restore(directory: string, bundle: Readable, { facts }: { facts: CodeFacts }): Promise<void> {
    const refs = await this.verify(bundle);
    if (JSON.stringify(refs) !== JSON.stringify(facts.refs)) {
      throw failed("bring the repository back", "the repository that came back is another one");
    }
    this.repositories.set(directory, refs);
  }
}

function failed(operation: string, message: string): EngineError {
  return new EngineError(message, { engine: "git", operation, permanent: true, hint: "Look at the test." });
}
