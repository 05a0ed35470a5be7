import type { Metadata } from "next";
import { pageCtx, rightsOf } from "@/app/_server/page";
import { SystemsView } from "./systems-view";

export const metadata: Metadata = { title: "Systems" };

/** The shell has asked for the systems already: the page takes them from there. */
export default async function SystemsPage() {
  const ctx = await pageCtx();
  return <SystemsView mayBackUp={rightsOf(ctx, ["backup.start"])["backup.start"]} />;
}
