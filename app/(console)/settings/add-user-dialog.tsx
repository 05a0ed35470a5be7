"use client";

import { useState } from "react";
import { useAction } from "@/app/_client/use-action";
import { ErrorNote } from "@/components/patterns/states";
import { Button } from "@/components/ui/button";
import { Dialog } from "@/components/ui/dialog";
import { Field, Form, Input } from "@/components/ui/field";
import { Select } from "@/components/ui/select";
import type { Role } from "@/lib/access/schemas";
import { createUser } from "./actions";
import { ROLE_OPTIONS } from "./role-words";

interface AddUserDialogProps {
  isOpen: boolean;
  onOpenChange: (isOpen: boolean) => void;
  onCreated: (created: { email: string; password: string }) => void;
}

/** Adds a person; the password is made and shown once. */
export function AddUserDialog({ isOpen, onOpenChange, onCreated }: AddUserDialogProps) {
  const [role, setRole] = useState<Role>("viewer");
  const create = useAction(createUser, {
    onDone: ({ user, password }) => {
      onOpenChange(false);
      if (password) onCreated({ email: user.email, password });
    },
  });
  return (
    <Dialog
      title="Add user"
      description="A password is made for the person and shown once."
      isOpen={isOpen}
      onOpenChange={onOpenChange}
    >
      <Form
        errors={create.failure?.fieldErrors ?? {}}
        onFormSubmit={(values) =>
          create.run({ name: String(values["name"] ?? ""), email: String(values["email"] ?? ""), role })
        }
      >
        <Field name="name" label="Name">
          <Input required maxLength={200} autoComplete="off" />
        </Field>
        <Field name="email" label="E-mail">
          <Input type="email" required maxLength={254} autoComplete="off" />
        </Field>
        <div className="grid justify-items-start gap-1">
          <span className="text-12 text-ink-2">Role</span>
          <Select<Role> label="Role" value={role} options={ROLE_OPTIONS} onChange={setRole} />
        </div>
        {create.failure && <ErrorNote failure={create.failure} className="" />}
        <div className="flex justify-end gap-2">
          <Button onClick={() => onOpenChange(false)}>Cancel</Button>
          <Button type="submit" look="primary" disabled={create.isPending} focusableWhenDisabled>
            Add user
          </Button>
        </div>
      </Form>
    </Dialog>
  );
}
