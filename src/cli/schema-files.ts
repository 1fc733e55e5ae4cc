/** The JSON Schemas by which editors complete and check tiersync.yaml and rule files; made from the schemas that check them here. */
import { toJsonSchema } from "@valibot/to-json-schema";
import type { GenericSchema } from "valibot";
import { configSchema } from "../config/schema.ts";
import { ruleFileSchema } from "../rules/schema.ts";

/** A file of the home folder. */
export interface HomeFile {
  /** Relative to home, with `/`. */
  readonly path: string;
  readonly text: string;
}

/** What the `yaml-language-server` lines of the files that `init` writes point to. */
export function schemaFiles(): readonly HomeFile[] {
  return [
    { path: "schemas/tiersync.schema.json", text: schemaText(configSchema) },
    { path: "schemas/rules.schema.json", text: schemaText(ruleFileSchema) },
  ];
}

function schemaText(schema: GenericSchema): string {
  // `input`: what people write, before durations become numbers; what only code can check is left out.
  const document = toJsonSchema(schema, { typeMode: "input", errorMode: "ignore" });
  return `${JSON.stringify(document, null, 2)}\n`;
}
