import { expect, test } from "vitest";
import { actorWords } from "./actor";

test.each([
  ["system:runner primary 152ffd5c", "runner at primary"],
  ["system:supervisor", "supervisor"],
  ["shell:root", "root, by shell"],
  ["operator@example.com", "operator@example.com"],
])("%s is read as %s", (label, words) => {
  expect(actorWords(label)).toBe(words);
});
