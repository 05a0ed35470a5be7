import { readFileSync } from "node:fs";
import AxeBuilder from "@axe-core/playwright";
import { type Page, test as base, expect } from "@playwright/test";
import { z } from "zod";
import { WORLD_FILE } from "./start-estate";

const World = z.object({
  url: z.string(),
  signIns: z.array(z.object({ role: z.string(), email: z.string(), password: z.string() })),
});
type Role = "administrator" | "operator" | "auditor" | "viewer";

interface Journey {
  world: z.infer<typeof World>;
  /** Signs in as a role and opens the overview. */
  signIn(role: Role): Promise<void>;
  /** Fails on any breach of WCAG 2.2 AA that axe finds on the page, in the theme that is shown. */
  expectAccessible(): Promise<void>;
}

const WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

async function signInAs(page: Page, world: z.infer<typeof World>, role: Role): Promise<void> {
  const who = world.signIns.find((each) => each.role === role);
  if (!who) throw new Error(`nobody has the role ${role}`);
  await page.context().clearCookies();
  await page.goto(`${world.url}/sign-in`);
  await page.getByLabel("E-mail").fill(who.email);
  await page.getByLabel("Password").fill(who.password);
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).not.toHaveURL(/\/sign-in/);
  await expect(page.getByRole("heading", { level: 1 }).first()).toBeAttached();
}

/** A journey: a page, the people who may sign in, and no error in the browser's console. */
export const test = base.extend<{ journey: Journey }>({
  journey: async ({ page }, hand) => {
    const world = World.parse(JSON.parse(readFileSync(WORLD_FILE, "utf8")));
    const errors: string[] = [];
    page.on("pageerror", (error) => errors.push(error.message));
    await hand({
      world,
      signIn: (role) => signInAs(page, world, role),
      expectAccessible: async () => {
        const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze();
        expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join(" ")}`)).toEqual([]);
      },
    });
    expect(errors).toEqual([]);
  },
});

export { expect };
