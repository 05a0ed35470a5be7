import { expect, test } from "./journey";

test("an operator starts a drill, watches it live, and sees RTO and RPO measured", async ({ page, journey }) => {
  test.setTimeout(240_000);
  await journey.signIn("operator");
  await page.getByRole("link", { name: "Recovery" }).click();
  await page.getByRole("button", { name: "Start drill" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Start drill" }).click();

  await expect(page).toHaveURL(/\/runs\/[0-9a-f-]{36}/);
  await expect(page.getByRole("heading", { name: "Database corruption" })).toBeVisible();
  await expect(page.getByText("Load users and data").first()).toBeVisible();
  // The log comes in by itself while the run goes on.
  await expect(page.getByText("the drill's start counts as the disruption").first()).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText("Succeeded").first()).toBeVisible({ timeout: 180_000 });
  await expect(page.getByText(/tables with \d+ rows, equal to the manifest/).first()).toBeVisible();
  await expect(page.getByText(/not exercised/i).first()).toBeVisible();
  await journey.expectAccessible();

  await page.getByRole("link", { name: "Overview" }).click();
  await expect(page.getByRole("heading", { name: "Overview" })).toBeVisible();
  await expect(page.getByText(/1 of \d+ proven by restore/).first()).toBeVisible();
});

test("an operator aborts a run with one click, and it leaves nothing behind", async ({ page, journey }) => {
  await journey.signIn("operator");
  await page.goto(`${journey.world.url}/recovery`);
  await page.getByRole("button", { name: "Start drill" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Start drill" }).click();
  await expect(page).toHaveURL(/\/runs\/[0-9a-f-]{36}/);
  await page.getByRole("button", { name: "Abort run" }).click();
  await expect(page.getByText("Aborted").first()).toBeVisible({ timeout: 60_000 });
});

test("a viewer sees the runbooks and may start none", async ({ page, journey }) => {
  await journey.signIn("viewer");
  await page.goto(`${journey.world.url}/recovery`);
  await expect(page.getByRole("heading", { name: "Database corruption" })).toBeVisible();
  await expect(page.getByRole("button", { name: "Start drill" })).toHaveCount(0);
  const answer = await page.request.post(`${journey.world.url}/api/v1/runs`, {
    headers: { origin: journey.world.url },
    data: { kind: "runbook", runbook: "database-corruption", mode: "drill" },
  });
  expect(answer.status()).toBe(403);
});
