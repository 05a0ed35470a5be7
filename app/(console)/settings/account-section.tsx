"use client";

import { useTheme } from "next-themes";
import { useSyncExternalStore } from "react";
import { leaveTo } from "@/app/_client/leave-to";
import { signOut } from "@/app/_client/sign-in";
import { useAction } from "@/app/_client/use-action";
import { KeyValue, KeyValues, Pane, PaneHead } from "@/components/patterns/pane";
import { useSingleKeys } from "@/components/patterns/shortcuts";
import { ErrorNote } from "@/components/patterns/states";
import { Button } from "@/components/ui/button";
import { Checkbox, Field, Form, Input } from "@/components/ui/field";
import { Segmented } from "@/components/ui/segmented";
import { ZoneSwitch } from "../_shell/zone-switch";
import { changePassword } from "./actions";

interface AccountProps {
  name: string;
  email: string;
  role: string;
}

/** One's own account, and how this browser shows the console. */
export function AccountSection({ name, email, role }: AccountProps) {
  return (
    <div className="grid grid-cols-2 phone:block [&>*]:border-line [&>*]:pb-6 [&>*+*]:border-l phone:[&>*+*]:border-t phone:[&>*+*]:border-l-0">
      <Pane label="Account">
        <PaneHead title="Account" />
        <KeyValues>
          <KeyValue name="Name">{name}</KeyValue>
          <KeyValue name="E-mail">{email}</KeyValue>
          <KeyValue name="Role">{role}</KeyValue>
        </KeyValues>
        <PasswordForm />
      </Pane>
      <Pane label="Display">
        <PaneHead title="Display" scope="kept in this browser" />
        <Display />
      </Pane>
    </div>
  );
}

function PasswordForm() {
  // The change ends every session, this one too: sign in again with the new one.
  const change = useAction(changePassword, { onDone: () => void signOut().catch(() => leaveTo("/sign-in")) });
  return (
    <>
      <PaneHead title="Password" scope="changing it ends all your sessions" />
      <Form
        className="grid max-w-80 gap-3"
        errors={change.failure?.fieldErrors ?? {}}
        onFormSubmit={(values) =>
          change.run({
            currentPassword: String(values["currentPassword"] ?? ""),
            newPassword: String(values["newPassword"] ?? ""),
          })
        }
      >
        <Field name="currentPassword" label="Present password">
          <Input type="password" required autoComplete="current-password" />
        </Field>
        <Field name="newPassword" label="New password" hint="At least 12 characters.">
          <Input type="password" required minLength={12} maxLength={128} autoComplete="new-password" />
        </Field>
        {change.failure && <ErrorNote failure={change.failure} className="" />}
        <div>
          <Button type="submit" disabled={change.isPending} focusableWhenDisabled>
            Change password
          </Button>
        </div>
      </Form>
    </>
  );
}

const never = () => () => undefined;

function Display() {
  const { theme, setTheme } = useTheme();
  const [isOn, setIsOn] = useSingleKeys();
  // The chosen theme is known to the browser alone: the server shows none as chosen.
  const isBrowser = useSyncExternalStore(
    never,
    () => true,
    () => false,
  );
  return (
    <dl className="grid grid-cols-[84px_1fr] items-center gap-y-3">
      <dt className="text-12 text-ink-3">Theme</dt>
      <dd>
        <Segmented
          label="Theme"
          value={isBrowser ? (theme ?? "system") : ""}
          options={[
            { value: "system", label: "System" },
            { value: "light", label: "Light" },
            { value: "dark", label: "Dark" },
          ]}
          onChange={setTheme}
        />
      </dd>
      <dt className="text-12 text-ink-3">Times in</dt>
      <dd>
        <ZoneSwitch />
      </dd>
      <dt className="text-12 text-ink-3">Keyboard</dt>
      <dd>
        <Checkbox label="Single-key shortcuts" isChecked={isOn} onChange={setIsOn} />
      </dd>
    </dl>
  );
}
