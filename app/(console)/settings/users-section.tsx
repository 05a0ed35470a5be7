"use client";

import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { usersQuery } from "@/app/_client/queries";
import { useAction } from "@/app/_client/use-action";
import { DataTable, type DataColumn } from "@/components/patterns/data-table";
import { PaneHead } from "@/components/patterns/pane";
import { ErrorNote, Skeleton, type Failure } from "@/components/patterns/states";
import { Status } from "@/components/patterns/status";
import { Instant } from "@/components/patterns/time";
import { Button } from "@/components/ui/button";
import { Icon } from "@/components/ui/icon";
import { MenuItem, MenuPopup, MenuRoot, MenuTrigger } from "@/components/ui/menu";
import { Select } from "@/components/ui/select";
import type { Role, UserView } from "@/lib/access/schemas";
import { changeRole, disableUser, enableUser, resetPassword } from "./actions";
import { AddUserDialog } from "./add-user-dialog";
import { PasswordDialog } from "./password-dialog";
import { ROLE_NAMES, ROLE_WORDS } from "./role-words";

interface UsersProps {
  ownId: string;
  mayManage: boolean;
}

export function UsersSection({ ownId, mayManage }: UsersProps) {
  const { data, error, refetch } = useQuery(usersQuery());
  const [isAdding, setIsAdding] = useState(false);
  const [failure, setFailure] = useState<Failure | null>(null);
  const [shown, setShown] = useState<{ email: string; password: string } | null>(null);
  const columns = mayManage
    ? [...COLUMNS, roleColumn(ownId, setFailure), stateColumn, sinceColumn, menuColumn(ownId, setFailure, setShown)]
    : [...COLUMNS, plainRoleColumn, stateColumn, sinceColumn];
  return (
    <section aria-label="Users and roles">
      <PaneHead title="Users" scope={data?.users.length} className="h-11! px-4 phone:px-3">
        {mayManage && (
          <Button size="small" className="ml-auto" onClick={() => setIsAdding(true)}>
            <Icon name="plus" className="size-3.5" />
            Add user
          </Button>
        )}
      </PaneHead>
      {failure && <ErrorNote failure={failure} className="px-4 pb-2 phone:px-3" />}
      {error && !data && <ErrorNote failure={error} onRetry={() => void refetch()} />}
      {!data && !error && <Skeleton rows={4} />}
      {data && (
        <DataTable
          label="Users"
          columns={columns}
          rows={data.users}
          rowKey={(user) => user.id}
          phone={(user) => <PhoneRow user={user} />}
        />
      )}
      <AddUserDialog isOpen={isAdding} onOpenChange={setIsAdding} onCreated={setShown} />
      {shown && <PasswordDialog email={shown.email} password={shown.password} onClose={() => setShown(null)} />}
    </section>
  );
}

const COLUMNS: DataColumn<UserView>[] = [
  { id: "name", header: "Name", width: 200, sortBy: (user) => user.name, cell: (user) => user.name },
  { id: "email", header: "E-mail", sortBy: (user) => user.email, cell: (user) => user.email },
];

const plainRoleColumn: DataColumn<UserView> = {
  id: "role",
  header: "Role",
  width: 160,
  sortBy: (user) => user.role,
  cell: (user) => <span title={ROLE_WORDS[user.role]}>{user.role}</span>,
};

const stateColumn: DataColumn<UserView> = {
  id: "state",
  header: "State",
  width: 120,
  sortBy: (user) => (user.disabledAt ? 1 : 0),
  cell: (user) => <Status tone={user.disabledAt ? "idle" : "ok"}>{user.disabledAt ? "Disabled" : "In use"}</Status>,
};

const sinceColumn: DataColumn<UserView> = {
  id: "since",
  header: "Added",
  width: 120,
  isRight: true,
  sortBy: (user) => user.createdAt,
  cell: (user) => <Instant at={user.createdAt} form="date" className="text-ink-2" />,
};

type SetFailure = (failure: Failure | null) => void;

function roleColumn(ownId: string, setFailure: SetFailure): DataColumn<UserView> {
  return {
    ...plainRoleColumn,
    cell: (user) => <RoleSelect user={user} isOwn={user.id === ownId} setFailure={setFailure} />,
  };
}

function RoleSelect({ user, isOwn, setFailure }: { user: UserView; isOwn: boolean; setFailure: SetFailure }) {
  const change = useAction(changeRole, { onDone: () => setFailure(null), onFailed: setFailure });
  return (
    <Select<Role>
      label={`Role of ${user.name}`}
      size="small"
      look="quiet"
      value={user.role}
      isDisabled={change.isPending || isOwn || user.disabledAt !== null}
      options={ROLE_NAMES.map((role) => ({ value: role, label: role }))}
      onChange={(role) => change.run({ user: user.id, role })}
    />
  );
}

type SetShown = (shown: { email: string; password: string }) => void;

function menuColumn(ownId: string, setFailure: SetFailure, setShown: SetShown): DataColumn<UserView> {
  return {
    id: "menu",
    header: <span className="sr-only">Actions</span>,
    width: 56,
    isRight: true,
    cell: (user) => (user.id === ownId ? null : <UserMenu user={user} setFailure={setFailure} setShown={setShown} />),
  };
}

function UserMenu({ user, setFailure, setShown }: { user: UserView; setFailure: SetFailure; setShown: SetShown }) {
  const options = { onDone: () => setFailure(null), onFailed: setFailure };
  const disable = useAction(disableUser, options);
  const enable = useAction(enableUser, options);
  const reset = useAction(resetPassword, {
    ...options,
    onDone: ({ password }) => {
      setFailure(null);
      if (password) setShown({ email: user.email, password });
    },
  });
  return (
    <MenuRoot>
      <MenuTrigger
        label={`Actions for ${user.name}`}
        render={
          <Button look="quiet" size="icon-small">
            <Icon name="more" />
          </Button>
        }
      />
      <MenuPopup>
        {user.disabledAt ? (
          <MenuItem onClick={() => enable.run({ user: user.id })}>Enable account</MenuItem>
        ) : (
          <>
            <MenuItem onClick={() => reset.run({ user: user.id })}>Give a new password</MenuItem>
            <MenuItem onClick={() => disable.run({ user: user.id })}>Disable account</MenuItem>
          </>
        )}
      </MenuPopup>
    </MenuRoot>
  );
}

function PhoneRow({ user }: { user: UserView }) {
  return (
    <>
      <span className="flex justify-between gap-2">
        <span className="font-medium">{user.name}</span>
        <Status tone={user.disabledAt ? "idle" : "ok"}>{user.disabledAt ? "Disabled" : "In use"}</Status>
      </span>
      <span className="mt-0.5 flex justify-between gap-2 text-12 text-ink-3">
        <span className="truncate">{user.email}</span>
        <span>{user.role}</span>
      </span>
    </>
  );
}
