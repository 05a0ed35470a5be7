import { type Command, Option } from "commander";
import { changeRole, createUser, disableUser, enableUser, listUsers, resetPassword } from "@/lib/access";
import { type CreatedUser, ROLES, type Role, type UserView } from "@/lib/access/schemas";
import { type Answer, answerWith, table } from "./answer";

export function addUserCommands(program: Command): void {
  const user = program.command("user").description("people who may sign in");
  user
    .command("add")
    .description("add a person; the password is made and shown once")
    .argument("<email>")
    .requiredOption("--name <name>")
    .addOption(new Option("--role <role>").choices(ROLES).makeOptionMandatory())
    .action((email: string, options: { name: string; role: Role }, command: Command) =>
      answerWith(command, async ({ ctx }) => describeCreated(await createUser(ctx, { email, ...options }))),
    );
  user
    .command("list")
    .description("everyone, the disabled too")
    .action((_: unknown, command: Command) =>
      answerWith(command, async ({ ctx }) => describeAll(await listUsers(ctx))),
    );
  user
    .command("disable")
    .description("end a person's access and sessions")
    .argument("<user>", "e-mail or id")
    .option("--undo", "give the access back")
    .action((reference: string, options: { undo?: boolean }, command: Command) =>
      answerWith(command, async ({ ctx }) => {
        const change = options.undo ? enableUser : disableUser;
        return describeOne(await change(ctx, { user: reference }));
      }),
    );
  user
    .command("role")
    .description("give a person another role; their sessions end")
    .argument("<user>", "e-mail or id")
    .argument("<role>", ROLES.join(", "))
    .action((...args: [string, string, unknown, Command]) => {
      const [reference, role, , command] = args;
      return answerWith(command, async ({ ctx }) =>
        describeOne(await changeRole(ctx, { user: reference, role: role as Role })),
      );
    });
  user
    .command("password")
    .description("give a person a new password, shown once; their sessions end")
    .argument("<user>", "e-mail or id")
    .action((reference: string, _: unknown, command: Command) =>
      answerWith(command, async ({ ctx }) => describeCreated(await resetPassword(ctx, { user: reference }))),
    );
}

function rowOf(user: UserView): string[] {
  return [user.email, user.name, user.role, user.disabledAt ? `disabled ${user.disabledAt}` : "active", user.id];
}

const HEAD = ["E-MAIL", "NAME", "ROLE", "STATE", "ID"];

function describeAll(view: { users: UserView[] }): Answer {
  return { json: view, text: table([HEAD, ...view.users.map(rowOf)]) };
}

function describeOne(user: UserView): Answer {
  return { json: { user }, text: table([HEAD, rowOf(user)]) };
}

function describeCreated(created: CreatedUser): Answer {
  return {
    json: created,
    text: [...table([HEAD, rowOf(created.user)]), `password, shown this once: ${created.password ?? ""}`],
  };
}
