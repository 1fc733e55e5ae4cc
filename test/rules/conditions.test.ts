import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { compileCondition } from "../../src/rules/conditions.ts";
import type { AttributeTest, BoundGroup, Condition } from "../../src/rules/types.ts";
import { person } from "./rule-builders.ts";

const at = { file: "rules/1.yaml", line: 1, column: 1, path: "" };
const attribute = (name: string, test: AttributeTest): Condition<BoundGroup> => ({
  kind: "attribute",
  attribute: name,
  test,
  at,
});
const holds = (name: string, test: AttributeTest, properties: Record<string, unknown>) =>
  compileCondition(attribute(name, test))(person([], { properties }));

describe("an attribute", () => {
  test.each<[string, AttributeTest, Record<string, unknown>, boolean]>([
    ["department", { op: "equals", value: "legal" }, { department: "LEGAL" }, true],
    ["department", { op: "equals", value: "Legal" }, { department: "Legal " }, false],
    ["department", { op: "equals", value: "e\u0301t\u00e9" }, { department: "\u00c9T\u00c9" }, true],
    ["department", { op: "equals", value: "Legal" }, { department: null }, false],
    ["department", { op: "in", values: ["Sales", "legal"] }, { department: "Legal" }, true],
    ["department", { op: "in", values: ["Sales"] }, { department: "Legal" }, false],
    ["accountEnabled", { op: "equals", value: true }, { accountEnabled: true }, true],
    ["accountEnabled", { op: "equals", value: false }, { accountEnabled: null }, false],
    ["department", { op: "exists", value: true }, { department: "" }, false],
    ["department", { op: "exists", value: false }, { department: null }, true],
    ["otherMails", { op: "like", pattern: "*@B.example" }, { otherMails: ["a@a.example", "b@b.example"] }, true],
    ["otherMails", { op: "equals", value: "a" }, { otherMails: [] }, false],
    ["otherMails", { op: "exists", value: false }, { otherMails: [] }, true],
    [
      "onPremisesExtensionAttributes.extensionAttribute7",
      { op: "equals", value: "x" },
      { onPremisesExtensionAttributes: { extensionAttribute7: "X" } },
      true,
    ],
    [
      "onPremisesExtensionAttributes.extensionAttribute7",
      { op: "exists", value: true },
      { onPremisesExtensionAttributes: null },
      false,
    ],
  ])("%s %p of %p: %p", (name, test, properties, expected) => {
    expect(holds(name, test, properties)).toBe(expected);
  });

  test.each<[string, string, boolean]>([
    ["Leg*", "legal", true],
    ["*gal", "Legal", true],
    ["L?gal", "Légal", true],
    ["L?gal", "Lgal", false],
    ["*", "anything", true],
    ["a*b*c", "axxbyybzc", true],
    ["a*b*c", "axxbyyz", false],
    ["a.c", "abc", false],
    ["?", "😀", true],
  ])("like %p: %p is %p", (pattern, department, expected) => {
    expect(holds("department", { op: "like", pattern }, { department })).toBe(expected);
  });

  test("like agrees with a regular expression on every pattern and text", () => {
    const word = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "."), maxLength: 8 });
    const text = fc.string({ unit: fc.constantFrom("a", "b", "."), minLength: 1, maxLength: 10 });
    fc.assert(
      fc.property(word, text, (pattern, department) => {
        const regex = new RegExp(`^${pattern.replaceAll(".", "\\.").replaceAll("*", ".*").replaceAll("?", ".")}$`);
        return holds("department", { op: "like", pattern }, { department }) === regex.test(department);
      }),
    );
  });

  test("like stays fast on a pattern made to be slow", () => {
    const started = performance.now();
    expect(holds("department", { op: "like", pattern: `${"*a".repeat(200)}b` }, { department: "a".repeat(5000) })).toBe(
      false,
    );
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

describe("all, any and not", () => {
  const values = { true: "{true}", false: "{false}", unknown: "{unknown}" } as const;
  const leaf = (value: keyof typeof values): Condition<BoundGroup> =>
    value === "unknown"
      ? attribute("mailbox.purpose", { op: "exists", value: true })
      : { kind: "group", group: { id: value === "true" ? "id-in" : "id-out", displayName: "" } };
  const facts = person(["in"], { mailbox: "unread" });
  const result = (condition: Condition<BoundGroup>) => String(compileCondition(condition)(facts) ?? "unknown");
  const order = ["false", "unknown", "true"];
  const any = fc.array(fc.constantFrom(...(Object.keys(values) as (keyof typeof values)[])), {
    minLength: 1,
    maxLength: 5,
  });

  test("all is the least of its parts, any the greatest, with unknown between false and true", () => {
    fc.assert(
      fc.property(any, (parts) => {
        const ranks = parts.map((part) => order.indexOf(part));
        expect(result({ kind: "all", of: parts.map(leaf) })).toBe(order[Math.min(...ranks)] ?? "");
        expect(result({ kind: "any", of: parts.map(leaf) })).toBe(order[Math.max(...ranks)] ?? "");
      }),
    );
  });

  test("not turns true and false around and leaves unknown", () => {
    expect(order.map((value) => result({ kind: "not", of: leaf(value as keyof typeof values) }))).toEqual([
      "true",
      "unknown",
      "false",
    ]);
  });
});
