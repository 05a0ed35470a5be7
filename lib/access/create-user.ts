import { recordAudit } from "@/lib/audit";
import type { Ctx } from "@/lib/db/context";
import { ConflictError } from "@/lib/kernel/errors";
import { newId, newPassword } from "@/lib/kernel/ids";
import { requirePermission } from "@/lib/kernel/permissions";
import { hashPassword } from "./password-hash";
import { CreateUserInput, type CreatedUser } from "./schemas";
import { toUserView } from "./user-row";

/** Adds a person who may sign in. @throws ConflictError when the e-mail is taken */
export async function createUser(ctx: Ctx, input: CreateUserInput): Promise<CreatedUser> {
  requirePermission(ctx, "user.manage");
  const { email, name, role, password } = CreateUserInput.parse(input);
  const made = password === undefined ? newPassword() : null;
  const passwordHash = await hashPassword(password ?? made ?? "");
  const id = newId();
  const now = ctx.now();
  return ctx.transaction(async (tx) => {
    const { count } = await tx.user.createMany({
      data: { id, tenantId: ctx.tenantId, email, name, role, passwordHash, sessionsFrom: now, createdAt: now },
      skipDuplicates: true,
    });
    if (count === 0) {
      throw new ConflictError(`the e-mail "${email}" is taken`, {
        hint: "Is the account there already, perhaps disabled?",
      });
    }
    const row = await tx.user.findUniqueOrThrow({ where: { id } });
    await recordAudit(tx, ctx, {
      action: "user.created",
      entity: { type: "user", id },
      changes: { before: null, after: { email, name, role } },
    });
    return { user: toUserView(row), password: made };
  });
}
