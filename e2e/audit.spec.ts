import { readFile } from "node:fs/promises";
import { expect, test } from "./journey";

test("an auditor filters the audit log by its URL and exports what the filter shows", async ({ page, journey }) => {
  await journey.signIn("auditor");
  await page.getByRole("link", { name: "Audit" }).click();
  await expect(page.getByRole("region", { name: "Events", exact: true })).toBeVisible();
  await page
    .getByRole("combobox", { name: "Add a filter" })
    .or(page.getByLabel("Add a filter"))
    .first()
    .fill("action:user.*");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/user\./);
  await expect(page.getByText("user.login").first()).toBeVisible();
  await expect(page.getByText("backup.completed")).toHaveCount(0);
  await journey.expectAccessible();

  const download = page.waitForEvent("download");
  await page
    .getByRole("link", { name: /^Export .* as CSV$/ })
    .or(page.getByRole("button", { name: /^Export .* as CSV$/ }))
    .click();
  const csv = await readFile(await (await download).path(), "utf8");
  const [header, ...rows] = csv.trim().split(/\r?\n/);
  expect(header).toContain("action");
  expect(rows.length).toBeGreaterThan(0);
  expect(rows.every((row) => /user\./.test(row))).toBe(true);
});

test("a failed sign-in is told in place and is in the audit log", async ({ page, journey }) => {
  await page.goto(`${journey.world.url}/sign-in`);
  await page.getByLabel("E-mail").fill("nobody@example.com");
  await page.getByLabel("Password").fill("wrong-wrong-wrong");
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByRole("alert").filter({ hasText: /./ }).first()).toBeVisible();
  await journey.signIn("auditor");
  await page.goto(`${journey.world.url}/audit?q=action%3Alogin.failed`);
  await expect(page.getByText("login.failed").first()).toBeVisible();
});

test("an operator may not read the audit log", async ({ page, journey }) => {
  await journey.signIn("operator");
  const answer = await page.request.get(`${journey.world.url}/api/v1/audit/events`);
  expect(answer.status()).toBe(403);
});
