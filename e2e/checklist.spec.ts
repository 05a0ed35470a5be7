import { expect, test } from "./journey";

const LINE = "Review and update disaster recovery documentation";

test("an operator completes a checklist line and another person signs it off", async ({ page, journey }) => {
  await journey.signIn("operator");
  await page.getByRole("link", { name: "Drills" }).click();
  const line = page.getByRole("listitem").filter({ hasText: LINE });
  await line.getByRole("button", { name: "Complete" }).click();
  await page.getByLabel("Note").fill("Read once more; the escrow holder's telephone number was corrected.");
  await page.getByRole("button", { name: "Record as done" }).click();
  await expect(line.getByText(/done .* by operator@example.com/)).toBeVisible();
  // Done and signed off are two acts of two people.
  await expect(line.getByRole("button", { name: "Sign off" })).toHaveCount(0);

  await journey.signIn("auditor");
  await page.goto(`${journey.world.url}/drills`);
  const signed = page.getByRole("listitem").filter({ hasText: LINE });
  await signed.getByRole("button", { name: "Sign off" }).click();
  await page.getByRole("alertdialog").getByRole("button", { name: "Sign off" }).click();
  await expect(signed.getByText(/signed by auditor@example.com/)).toBeVisible();
  await journey.expectAccessible();
});
