/** The shape of a rule file. The descriptions are what editors show. */
import * as v from "valibot";
import { GUID } from "../model/directory.ts";
import { ATTRIBUTE_NAMES } from "./attributes.ts";
import { parseInstant } from "./instant.ts";
import { block, choose, hasKey } from "./shapes.ts";

const text = (description: string) =>
  v.pipe(v.string(), v.nonEmpty("must not be empty"), v.maxLength(500, "is too long"), v.description(description));

const objectId = v.pipe(
  v.string(),
  v.regex(GUID, "must be an object id (a GUID), as Entra shows it"),
  v.description("Object id of the group (a GUID)."),
);

const groupName = text(
  "Name of a group that is a direct member of the parent group. Upper and lower case are the same.",
);
const groupById = block({ id: objectId });
const groupByName = block({
  name: text("Name of the group."),
  anywhere: v.optional(
    v.pipe(
      v.boolean(),
      v.description("true: any group of the tenant. false, or left out: a direct member of the parent group."),
    ),
  ),
});
const groupMention = choose([groupName, groupById, groupByName], (input) =>
  typeof input === "string" ? groupName : hasKey(input, "id") ? groupById : groupByName,
);

export type ConditionInput =
  | { group: v.InferOutput<typeof groupMention> }
  | {
      attribute: string;
      equals?: string | number | boolean | undefined;
      in?: (string | number | boolean)[] | undefined;
      like?: string | undefined;
      exists?: boolean | undefined;
    }
  | { all: ConditionInput[] }
  | { any: ConditionInput[] }
  | { not: ConditionInput };

const condition: v.GenericSchema<ConditionInput> = v.lazy((input) => pickCondition(input));
const conditions = (description: string) =>
  v.pipe(v.array(condition), v.minLength(1, "needs at least one condition"), v.description(description));

const scalar = v.union(
  [v.string(), v.number(), v.boolean()],
  "a text, a number, true or false is expected; for an empty attribute use `exists: false`",
);
const TESTS = ["equals", "in", "like", "exists"] as const;

const several = "one condition at a time: put several under all: or any:";
const ALONE = { group: several, attribute: several, all: several, any: several, not: several };

const groupCondition = block(
  {
    group: v.pipe(
      groupMention,
      v.description(
        "The person is in this group, nested groups included: a name, {id: …} or {name: …, anywhere: true}.",
      ),
    ),
  },
  ALONE,
);
const attributeCondition = v.pipe(
  block(
    {
      attribute: v.pipe(
        v.picklist(ATTRIBUTE_NAMES),
        v.description("A user property by its Graph name, or mailbox.purpose, mailbox.locale, mailbox.timeZone."),
      ),
      equals: v.optional(v.pipe(scalar, v.description("Equal to this; upper and lower case are the same."))),
      in: v.optional(
        v.pipe(
          v.array(scalar),
          v.minLength(1, "needs at least one value"),
          v.description("Equal to one of these; upper and lower case are the same."),
        ),
      ),
      like: v.optional(
        text("Like this pattern: * is any text, ? any one character; upper and lower case are the same."),
      ),
      exists: v.optional(v.pipe(v.boolean(), v.description("true: it has a value. false: it is empty."))),
    },
    ALONE,
  ),
  v.check(
    (input) => TESTS.filter((test) => input[test] !== undefined).length === 1,
    "needs exactly one of equals, in, like, exists; put several conditions under all: or any:",
  ),
);
const allCondition = block({ all: conditions("All of these hold.") }, ALONE);
const anyCondition = block({ any: conditions("At least one of these holds.") }, ALONE);
const notCondition = block({ not: v.pipe(condition, v.description("This does not hold.")) }, ALONE);
const anyShape = v.union([groupCondition, attributeCondition, allCondition, anyCondition, notCondition]);
const noShape = v.custom<never>(() => false, "a condition is expected: one of group, attribute, all, any, not");

function pickCondition(input: unknown): v.GenericSchema<ConditionInput> {
  if (input === undefined) return anyShape;
  if (hasKey(input, "group")) return groupCondition;
  if (hasKey(input, "attribute")) return attributeCondition;
  if (hasKey(input, "all")) return allCondition;
  if (hasKey(input, "any")) return anyCondition;
  if (hasKey(input, "not")) return notCondition;
  return typeof input === "object" && input !== null && !Array.isArray(input) && Object.keys(input).length > 0
    ? (unknownCondition as v.GenericSchema<ConditionInput>)
    : noShape;
}

/** Nothing that is known: its keys are reported with the nearest ones there are. */
const unknownCondition = block({
  group: v.optional(v.unknown()),
  attribute: v.optional(v.unknown()),
  all: v.optional(v.unknown()),
  any: v.optional(v.unknown()),
  not: v.optional(v.unknown()),
});

const instant = (description: string) =>
  v.pipe(
    v.string(),
    v.check(
      (value) => parseInstant(value) !== null,
      "must be a date (2026-07-01: its start, UTC) or an instant with a zone (2026-07-01T08:00:00+02:00)",
    ),
    v.description(description),
  );

export const ruleSchema = block({
  name: text("Name of the rule, as status, logs and `explain` show it. Unique in the file."),
  tier: text("The tier it gives, as written in tiersync.yaml; a revoking tier takes the licence."),
  priority: v.pipe(
    v.number(),
    v.integer("must be a whole number"),
    v.minValue(-1_000_000, "must be at least -1000000"),
    v.maxValue(1_000_000, "must be at most 1000000"),
    v.description("The highest priority that matches wins. Equal priorities that name different tiers are a conflict."),
  ),
  when: v.pipe(condition, v.description("For whom: group, attribute, or all / any / not around them.")),
  from: v.optional(instant("In force from this date or instant on.")),
  until: v.optional(instant("No longer in force from this date or instant on; its people have then left.")),
  include: v.optional(
    v.pipe(
      v.array(v.picklist(["guests", "disabled", "sharedMailboxes"])),
      v.description(
        "Who is not skipped by this rule: guests, disabled accounts, shared, room and equipment mailboxes.",
      ),
    ),
  ),
  description: v.optional(text("What the rule is for.")),
});

const attributeValue = v.union(
  [v.string(), v.number(), v.boolean(), v.null(), v.array(v.string())],
  "a text, true, false, null or a list of texts is expected",
);
export const testSchema = block({
  name: text("What the test shows."),
  user: v.pipe(
    block({
      groups: v.optional(
        v.pipe(v.array(text("A group, by name or object id.")), v.description("Groups the person is in.")),
      ),
      ...Object.fromEntries(ATTRIBUTE_NAMES.map((name) => [name, v.optional(attributeValue)])),
    }),
    v.description(
      "An imagined person: groups, and any attribute by its name. Left out: an enabled member with a mailbox.",
    ),
  ),
  tier: v.pipe(v.nullable(text("")), v.description("The tier that must come out; null or none: no tier.")),
});

const frame = {
  description: v.optional(text("What these rules are for.")),
  enabled: v.optional(v.pipe(v.boolean(), v.description("false: the file is checked but not in force.")), true),
  tenants: v.optional(
    v.pipe(
      v.array(text("Name of a tenant in tiersync.yaml.")),
      v.minLength(1, "names no tenant; leave it out for all tenants, or use `enabled: false`"),
      v.description("Tenants these rules are for; left out: all."),
    ),
  ),
};

/** The whole file, for editors. */
export const ruleFileSchema = v.pipe(
  block({
    ...frame,
    rules: v.pipe(v.array(ruleSchema), v.description("The rules, in any order.")),
    tests: v.optional(v.pipe(v.array(testSchema), v.description("What `tiersync rules test` checks."))),
  }),
  v.title("tiersync rules"),
  v.description("Which group or attribute gives which licence tier. Data only: nothing is executed."),
);

/** The file without what is in its lists, so that one broken rule does not hide what is wrong with the others. */
export const ruleFrameSchema = block({
  ...frame,
  rules: v.array(v.unknown()),
  tests: v.optional(v.array(v.unknown())),
});
