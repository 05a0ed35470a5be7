import type { Command } from "commander";
import { formatDuration } from "@/lib/kernel/format";
import { listSystems } from "@/lib/systems";
import { answerWith, table } from "./answer";

export function addSystemsCommand(program: Command): void {
  program
    .command("systems")
    .description("systems with targets, exposure, last proven restore, last RTO and RPO actual")
    .action((_: unknown, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const view = await listSystems(ctx);
        const seconds = (value: number | null) => (value === null ? "unknown" : formatDuration(value * 1_000));
        return {
          json: view,
          text: table([
            ["SYSTEM", "STATE", "EXPOSURE", "RPO", "RTO ACTUAL", "RTO", "LAST PROVEN"],
            ...view.systems.map((system) => [
              system.name,
              system.stateWord,
              system.kind === "service" ? "not backed up" : seconds(system.exposureSeconds),
              system.rpoTargetSeconds === null ? "none" : seconds(system.rpoTargetSeconds),
              seconds(system.rtoActualSeconds),
              seconds(system.rtoTargetSeconds),
              system.lastProvenAt ?? "never",
            ]),
          ]),
        };
      }),
    );
}
