import type { Page } from "@playwright/test";
import { z } from "zod";
import { expect, test } from "./journey";

const PAGES = [
  "/",
  "/systems",
  "/systems/database",
  "/systems/file-storage",
  "/systems/application-logs",
  "/backups",
  "/backups/retention",
  "/backups/calendar",
  "/backups/chains",
  "/backups/storage",
  "/backups?proof=unproven&type=full",
  "/verification",
  "/repositories",
  "/recovery",
  "/recovery/restore",
  "/recovery/restore?system=database&step=point",
  "/recovery/restore?system=database&step=target",
  "/recovery/restore?system=database&step=check",
  "/recovery/restore?system=file-storage&step=target",
  "/runs",
  "/drills",
  "/alerts",
  "/audit",
  "/settings",
];
const SIZES = [
  { name: "1280 x 720", width: 1280, height: 720 },
  { name: "a phone", width: 390, height: 844 },
] as const;

/** The page of the newest full backup. */
async function newestBackup(page: Page, url: string): Promise<string> {
  const answer = await page.request.get(`${url}/api/v1/backups?type=full&limit=1`);
  const { backups } = z.object({ backups: z.array(z.object({ id: z.string() })) }).parse(await answer.json());
  return `/backups/${backups[0]?.id ?? "none"}`;
}

/** The page of the newest cut, taken here where there is none. */
async function newestCut(page: Page, url: string): Promise<string> {
  const known = await page.request.get(`${url}/api/v1/runs?kind=cut&limit=1`);
  const { runs } = z.object({ runs: z.array(z.object({ id: z.string() })) }).parse(await known.json());
  if (runs[0]) return `/backups/cuts/${runs[0].id}`;
  const started = await page.request.post(`${url}/api/v1/runs`, { data: { kind: "cut" }, headers: { origin: url } });
  return `/backups/cuts/${z.object({ runId: z.string() }).parse(await started.json()).runId}`;
}

for (const theme of ["light", "dark"] as const) {
  for (const size of SIZES) {
    test(`every page is whole and accessible, ${theme}, on ${size.name}`, async ({ page, journey }) => {
      test.setTimeout(180_000);
      await page.setViewportSize(size);
      await page.addInitScript((name) => localStorage.setItem("holdfast-theme", name), theme);
      await page.goto(`${journey.world.url}/sign-in`);
      await journey.expectAccessible();
      await journey.signIn("administrator");
      const { url } = journey.world;
      for (const path of [...PAGES, await newestBackup(page, url), await newestCut(page, url)]) {
        await page.goto(`${journey.world.url}${path}`);
        await expect(page.getByRole("heading", { level: 1 }).first()).toBeAttached();
        await expect(page.getByText("Something went wrong")).toHaveCount(0);
        await expect(page.locator("html")).toHaveAttribute("data-theme", theme);
        const overflow = await page.evaluate(() => document.documentElement.scrollWidth - window.innerWidth);
        expect(overflow, `${path} scrolls sideways`).toBeLessThanOrEqual(0);
        await journey.expectAccessible();
      }
    });
  }
}

test("a stranger is sent to sign in, and comes back to the page that was asked for", async ({ page, journey }) => {
  await page.goto(`${journey.world.url}/systems/database`);
  await expect(page).toHaveURL(/\/sign-in\?/);
});
