import { expect, test } from "bun:test";
import { counted } from "../../src/model/counted.ts";

test("one is not many", () => {
  expect([counted(1, "rule"), counted(0, "rule"), counted(2, "rule")]).toEqual(["1 rule", "0 rules", "2 rules"]);
});
