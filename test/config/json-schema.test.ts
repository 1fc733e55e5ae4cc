/** Editors check files with JSON Schemas made from the schemas that check them here. */
import { describe, expect, test } from "bun:test";
import { toJsonSchema } from "@valibot/to-json-schema";
import { configSchema } from "../../src/config/schema.ts";
import { ruleFileSchema } from "../../src/rules/schema.ts";

const documents = {
  "tiersync.yaml": toJsonSchema(configSchema, { typeMode: "input", errorMode: "ignore" }),
  "a rule file": toJsonSchema(ruleFileSchema, { typeMode: "input", errorMode: "ignore" }),
};

type Node = Readonly<Record<string, unknown>>;

/** Every key that can be written, with its schema. */
function* keys(node: unknown, path = ""): Generator<[string, Node]> {
  if (typeof node !== "object" || node === null) return;
  for (const [name, value] of Object.entries(node)) {
    if (name === "properties")
      for (const [key, schema] of Object.entries(value as Node)) yield [`${path}.${key}`, schema as Node];
    yield* keys(value, name === "properties" || name === "$defs" ? path : `${path}.${name}`);
  }
}

describe.each(Object.entries(documents))("the JSON Schema of %s", (what, document) => {
  test("describes every key", () => {
    const bare = [...keys(document)].filter(([path, schema]) => !("description" in schema) && !/\.user\./.test(path));
    expect(bare.map(([path]) => path)).toEqual([]);
  });

  test("allows no other keys in any block", () => {
    const text = JSON.stringify(document);
    expect(text.match(/"properties":/g)?.length).toBe(text.match(/"additionalProperties":false/g)?.length);
  });

  test("tells defaults and choices", () => {
    const text = JSON.stringify(document);
    for (const part of what === "tiersync.yaml"
      ? ['"default":"*/5 * * * *"', '"usgov"', '"default":8321']
      : ['"department"', '"sharedMailboxes"', '"default":true']) {
      expect(text).toContain(part);
    }
  });
});
