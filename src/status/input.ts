/** What requests may say: query strings and bodies, validated; whatever is wrong becomes one 400 with all of it. */
import type { Context } from "hono";
import * as v from "valibot";
import { AgentError } from "../errors.ts";
import { PERSON_STATES } from "../model/person.ts";

export const MAX_BODY_BYTES = 1024 * 1024;
export const DEFAULT_LIMIT = 100;
export const MAX_LIMIT = 1000;

const words = v.pipe(v.string(), v.maxLength(320, "is longer than 320 characters"));

const limit = v.pipe(
  v.string(),
  v.regex(/^\d{1,9}$/, `must be a whole number from 1 to ${MAX_LIMIT}`),
  v.transform(Number),
  v.minValue(1, `must be a whole number from 1 to ${MAX_LIMIT}`),
  v.maxValue(MAX_LIMIT, `must be a whole number from 1 to ${MAX_LIMIT}`),
);

const page = {
  limit: v.optional(limit, String(DEFAULT_LIMIT)),
  after: v.exactOptional(v.pipe(v.string(), v.maxLength(2048, "is longer than 2048 characters"))),
};

export const userQuery = v.strictObject({
  tenant: v.exactOptional(words),
  tier: v.exactOptional(words),
  state: v.exactOptional(v.picklist(PERSON_STATES, `must be one of ${PERSON_STATES.join(", ")}`)),
  q: v.exactOptional(words),
  ...page,
});
export const tenantQuery = v.strictObject({ tenant: v.exactOptional(words) });
export const pageQuery = v.strictObject(page);
export const cycleQuery = v.strictObject({ tenant: v.exactOptional(words), ...page });
export const noQuery = v.strictObject({});

export const syncBody = v.strictObject({
  tenant: v.exactOptional(v.string("must be a string")),
  full: v.optional(v.boolean("must be true or false"), false),
});
export const approveBody = v.strictObject({
  only: v.exactOptional(
    v.pipe(
      v.array(v.pipe(v.string("must be a list of users"), v.nonEmpty("names nobody")), "must be a list of users"),
      v.nonEmpty("names nobody; leave it out to approve everything"), // an empty list must never read as "all"
    ),
  ),
});
export const emptyBody = v.strictObject({});

type ObjectSchema = v.StrictObjectSchema<v.ObjectEntries, undefined>;

/** The query string; an empty value counts as absent. `ERR_BAD_REQUEST` when it does not fit. */
export function readQuery<S extends ObjectSchema>(c: Context, schema: S): v.InferOutput<S> {
  const given: [string, string][] = [];
  for (const [name, values] of Object.entries(c.req.queries())) {
    if (values.length > 1) throw new AgentError("ERR_BAD_REQUEST", `"${name}" is given ${values.length} times`);
    if (values[0] !== undefined && values[0] !== "") given.push([name, values[0]]);
  }
  return validated(schema, Object.fromEntries(given), "parameter");
}

/**
 * The JSON body, whatever it is declared as: `curl -d` calls it a form. That no page of a browser posts here is the token's affair. No
 * body counts as `{}`. Throws `ERR_BAD_REQUEST` for another shape, and for what is said in the query string instead.
 */
export async function readBody<S extends ObjectSchema>(c: Context, schema: S): Promise<v.InferOutput<S>> {
  readQuery(c, noQuery); // `POST /sync?full=true` would do something else than it says
  const text = await c.req.text();
  if (text.trim() === "") return validated(schema, {}, "key");
  const value = parseJson(text);
  if (Array.isArray(value)) throw new AgentError("ERR_BAD_REQUEST", NO_OBJECT); // valibot takes an empty list for an object
  return validated(schema, value, "key");
}

const NO_OBJECT = "the body must be a JSON object";

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new AgentError("ERR_BAD_REQUEST", "the body is not valid JSON", { cause });
  }
}

function validated<S extends ObjectSchema>(schema: S, value: unknown, noun: string): v.InferOutput<S> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const known = Object.keys(schema.entries).join(", ") || "none";
  const remarks = result.issues.map((issue) => {
    const path = v.getDotPath(issue);
    if (path === null) return NO_OBJECT;
    if (issue.type === "strict_object") return `unknown ${noun} "${path}" (known: ${known})`;
    return `"${path}" ${issue.message}`;
  });
  throw new AgentError("ERR_BAD_REQUEST", remarks.join("; "));
}
