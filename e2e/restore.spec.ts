import { expect, test } from "./journey";

test("an operator chooses a system, a point and a target, checks, and starts a restore that runs", async ({
  page,
  journey,
}) => {
  await journey.signIn("operator");
  await page.goto(`${journey.world.url}/recovery/restore`);
  await page.getByRole("button", { name: /^Database/ }).click();
  await expect(page).toHaveURL(/system=database/);
  await page.getByRole("button", { name: "−1 s" }).click();
  await expect(page).toHaveURL(/at=20/);
  await page.getByRole("button", { name: "Choose the target" }).click();
  await page.getByRole("button", { name: "Check", exact: true }).last().click();
  await expect(page.getByText("Nobody: a restore beside production starts at once")).toBeVisible();
  await journey.expectAccessible();
  await page.getByRole("button", { name: "Start the restore" }).click();

  await expect(page).toHaveURL(/\/runs\/[0-9a-f-]{36}/);
  await expect(page.getByRole("heading", { name: "Restore Database to scratch" })).toBeVisible();
  await expect(page.getByText("Running").first()).toBeVisible({ timeout: 30_000 });
  await journey.expectAccessible();
  await page.getByRole("button", { name: "Abort run" }).click();
  await expect(page.getByText("Aborted").first()).toBeVisible({ timeout: 60_000 });
});

test("an operator brings files back into a directory, which the wizard asks for", async ({ page, journey }) => {
  await journey.signIn("operator");
  await page.goto(`${journey.world.url}/systems/file-storage`);
  await page.getByRole("button", { name: "Back up now" }).click();
  await expect(page).toHaveURL(/\/runs\/[0-9a-f-]{36}/);
  await expect(page.getByText("Succeeded").first()).toBeVisible({ timeout: 60_000 });

  await page.goto(`${journey.world.url}/recovery/restore?system=file-storage&step=check`);
  await expect(page.getByRole("radio", { name: /^A directory/ })).toBeChecked();
  await journey.expectAccessible();
  await page.getByRole("textbox", { name: "Directory" }).fill(`/var/tmp/hf-e2e/back-${Date.now()}`);
  await page.getByRole("button", { name: "Check", exact: true }).last().click();
  await expect(page.getByText("into the directory /var/tmp/hf-e2e/back-")).toBeVisible();
  await page.getByRole("button", { name: "Start the restore" }).click();
  await expect(page).toHaveURL(/\/runs\/[0-9a-f-]{36}/);
  await expect(page.getByText("Succeeded").first()).toBeVisible({ timeout: 60_000 });
});

test("a day of the calendar is found, opened and kept in the URL by the keyboard alone", async ({ page, journey }) => {
  await journey.signIn("viewer");
  await page.goto(`${journey.world.url}/backups/calendar`);
  const grid = page.getByRole("table", { name: "Backups by day" });
  await grid.locator('a[tabindex="0"]').focus();
  await page.keyboard.press("ArrowLeft");
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(/system=database&type=full&day=20/);
  await expect(page.getByRole("region", { name: /^database full,/ })).toBeVisible();
  await page.reload();
  await expect(page.getByRole("region", { name: /^database full,/ })).toBeVisible();
  await expect(grid.locator('a[aria-current="date"]')).toHaveCount(1);

  await page.getByRole("combobox", { name: "types" }).focus();
  await page.keyboard.press("Enter");
  await page.getByRole("option", { name: "log" }).press("Enter");
  await expect(page).toHaveURL(/kind=log/);
  await expect(grid.getByRole("rowheader", { name: /full/ })).toHaveCount(0);
});
