import type { JobCtx } from "@/lib/db/context";
import type { CodeFacts, CodeSource } from "@/lib/engines/code/port";
import { formatBytes } from "@/lib/kernel/format";
import type { ClaimedRun, RunPlan, StepCtx, StepOutcome } from "@/lib/runs";
import { fillPath, loadConfiguration } from "@/lib/settings";
import type { CodeManifest } from "./manifest";
import {
  type TreeBackup,
  beginTreeBackup,
  commonFacts,
  newTreeBackup,
  noLongerDeclared,
  planTreeBackup,
} from "./tree-backup";
import { keepPart } from "./keep-part";

interface CodeBackup extends TreeBackup {
  source: CodeSource;
  facts?: CodeFacts;
}

/** The steps of a backup of code: one verified bundle of all refs, or of a tagged release. */
export async function planCodeBackup(ctx: JobCtx, run: ClaimedRun): Promise<RunPlan<CodeBackup>> {
  const system = String(run.parameters.system);
  const { configuration } = await loadConfiguration(ctx);
  const declaration = configuration.systems[system];
  if (declaration?.kind !== "git" || !declaration.backup.full) throw noLongerDeclared(system, "full");
  const { recipients } = configuration.keys;
  const shared: CodeBackup = {
    ...newTreeBackup(run, { system, to: declaration.backup.full.to, recipients }),
    source: { path: fillPath(declaration.path, configuration), tag: declaration.tag },
  };
  return planTreeBackup(shared, { owner: "git", look, store, manifest });
}

async function look(ctx: StepCtx, { source }: CodeBackup): Promise<StepOutcome> {
  const { refs, tool } = await ctx.engines.code.inspect(source, ctx.signal);
  return { summary: `${source.path}, ${refs.length} refs, ${tool}` };
}

async function store(ctx: StepCtx, shared: CodeBackup): Promise<StepOutcome> {
  await beginTreeBackup(ctx, shared, { type: "full", method: "bundle" });
  const bundle = await ctx.engines.code.bundle(shared.source, ctx.signal);
  try {
    shared.facts = bundle.facts;
    const part = await keepPart(ctx, shared, { name: "bundle", bytes: bundle.open() });
    return {
      summary: `${bundle.facts.refs.length} refs, ${formatBytes(bundle.sizeBytes)} stored as ${formatBytes(part.sealed.sizeBytes)}`,
    };
  } finally {
    await bundle.close();
  }
}

function manifest(ctx: JobCtx, shared: CodeBackup): CodeManifest {
  const { facts, source } = shared;
  if (!facts) throw new Error("nothing was packed");
  return {
    ...commonFacts(ctx, shared),
    kind: "git",
    type: "full",
    method: "bundle",
    parent: null,
    source: { path: source.path, tag: source.tag ?? null },
    refs: facts.refs,
    head: facts.head,
    tools: { git: facts.tool, compression: "zstd", encryption: "age" },
  };
}
