import { expect, test } from "bun:test";
import { suggestion } from "../../src/rules/nearest.ts";

test.each<[string, string[], string]>([
  ["Prro", ["Eco", "Pro"], '; did you mean "Pro"?'],
  ["por", ["Eco", "Pro"], '; did you mean "Pro"?'],
  ["PRO", ["Eco", "Pro"], '; did you mean "Pro"?'],
  ["licences_pro", ["Eco", "licences"], '; did you mean "licences"?'],
  ["Zebra", ["Eco", "Pro"], "; known here: Eco, Pro"],
  ["Zebra", Array.from({ length: 20 }, (_, i) => `group-number-${i}`), '; the nearest is "group-number-0"'],
  ["Zebra", [], ""],
])("for %p among %p: %p", (word, names, expected) => {
  expect(suggestion(word, names)).toBe(expected);
});
