import { HydrationBoundary } from "@tanstack/react-query";
import type { Metadata } from "next";
import Link from "next/link";
import type { SearchParams } from "nuqs/server";
import type { ReactNode } from "react";
import { configurationsQuery, usersQuery } from "@/app/_client/queries";
import { currentUser } from "@/app/_server/ctx";
import { pageCtx, rightsOf } from "@/app/_server/page";
import { datum, prefill } from "@/app/_server/prefill";
import { PageHeading, PageTitle } from "@/components/patterns/pane";
import { Empty } from "@/components/patterns/states";
import { listUsers } from "@/lib/access";
import { listConfigurations } from "@/lib/settings";
import { AccountSection } from "./account-section";
import { ConfigurationSection } from "./configuration-section";
import { loadSettingsSearch, SECTIONS, type SettingsSection } from "./search-params";
import { UsersSection } from "./users-section";

export const metadata: Metadata = { title: "Settings" };

const TITLES: Record<SettingsSection, string> = {
  account: "Account and display",
  users: "Users and roles",
  configuration: "Configuration",
};

interface Access {
  mayOpen: Record<SettingsSection, boolean>;
  mayManage: boolean;
}

function accessOf(ctx: Awaited<ReturnType<typeof pageCtx>>): Access {
  const rights = rightsOf(ctx, ["user.read", "user.manage", "configuration.read"]);
  return {
    mayOpen: { account: true, users: rights["user.read"], configuration: rights["configuration.read"] },
    mayManage: rights["user.manage"],
  };
}

export default async function SettingsPage({ searchParams }: { searchParams: Promise<SearchParams> }) {
  const ctx = await pageCtx();
  const [{ section }, user] = await Promise.all([loadSettingsSearch(searchParams), currentUser()]);
  const { mayOpen, mayManage } = accessOf(ctx);
  const data = {
    account: () => [],
    users: () => [datum(usersQuery(), listUsers(ctx))],
    configuration: () => [datum(configurationsQuery(), listConfigurations(ctx))],
  };
  const bodies: Record<SettingsSection, ReactNode> = {
    account: user && <AccountSection name={user.name} email={user.email} role={user.role} />,
    users: <UsersSection ownId={user?.id ?? ""} mayManage={mayManage} />,
    configuration: <ConfigurationSection />,
  };
  const state = await prefill(ctx, mayOpen[section] ? data[section]() : []);
  return (
    <HydrationBoundary state={state}>
      <PageTitle>
        <PageHeading>Settings</PageHeading>
      </PageTitle>
      <nav aria-label="Settings" className="flex gap-4 overflow-x-auto border-y border-line px-4 phone:px-3">
        {SECTIONS.filter((each) => mayOpen[each]).map((each) => (
          <Link
            key={each}
            href={each === "account" ? "/settings" : `/settings?section=${each}`}
            {...(each === section ? { "aria-current": "page" as const } : {})}
            className={`-mb-px flex h-9 items-center border-b-2 whitespace-nowrap ${each === section ? "border-ink font-medium" : "border-transparent text-ink-2 hover:text-ink"}`}
          >
            {TITLES[each]}
          </Link>
        ))}
      </nav>
      {mayOpen[section] ? bodies[section] : <NotForYou />}
    </HydrationBoundary>
  );
}

function NotForYou() {
  return (
    <Empty title="This is not for your role">
      <p>Ask an administrator if you need it.</p>
    </Empty>
  );
}
