/** Conditions, compiled to functions once so that a hundred thousand people cost little. Three-valued: see `Ternary`. */
import { AgentError } from "../errors.ts";
import type { PersonFacts } from "../model/directory.ts";
import { ATTRIBUTES, type Attribute } from "./attributes.ts";
import type { AttributeTest, BoundGroup, Condition, Matcher, Ternary } from "./types.ts";

/** Not read yet, which is never the same as empty. */
export const UNREAD = Symbol("unread");

/** `condition` as a function of a person. */
export function compileCondition(condition: Condition<BoundGroup>): Matcher {
  switch (condition.kind) {
    case "group": {
      const { id } = condition.group;
      return (facts) => facts.groups.has(id);
    }
    case "attribute": {
      const read = attributeReader(condition.attribute);
      const test = compileTest(condition.test);
      return (facts) => {
        const value = read(facts);
        return value === UNREAD ? null : test(value);
      };
    }
    case "all":
      return allOf(condition.of.map(compileCondition));
    case "any":
      return anyOf(condition.of.map(compileCondition));
    case "not": {
      const inner = compileCondition(condition.of);
      return (facts) => negated(inner(facts));
    }
  }
}

function allOf(parts: readonly Matcher[]): Matcher {
  return (facts) => {
    let result: Ternary = true;
    for (const part of parts) {
      const value = part(facts);
      if (value === false) return false;
      if (value === null) result = null;
    }
    return result;
  };
}

function anyOf(parts: readonly Matcher[]): Matcher {
  return (facts) => {
    let result: Ternary = false;
    for (const part of parts) {
      const value = part(facts);
      if (value === true) return true;
      if (value === null) result = null;
    }
    return result;
  };
}

function negated(value: Ternary): Ternary {
  return value === null ? null : !value;
}

/** A selected property; throws when it was not read, because absent is not null. */
export function readProperty(facts: PersonFacts, name: string): unknown {
  const value = facts.properties[name];
  if (value === undefined && !(name in facts.properties)) {
    throw new AgentError("ERR_INTERNAL", `the property "${name}" of ${facts.id} is asked for but was never read`, {
      hint: "run `tiersync sync --full`, and report this",
      facts: { userId: facts.id, property: name },
    });
  }
  return value;
}

function attributeReader(name: string): (facts: PersonFacts) => unknown {
  const attribute: Attribute | undefined = ATTRIBUTES.get(name);
  if (attribute === undefined) throw new AgentError("ERR_INTERNAL", `"${name}" is no attribute that rules can use`);
  if (attribute.source.kind === "mailbox") {
    const key = name.slice("mailbox.".length) as "purpose" | "locale" | "timeZone";
    return ({ mailbox }) => (mailbox === "unread" ? UNREAD : mailbox === "missing" ? null : mailbox[key]);
  }
  const { select } = attribute.source;
  const inner = name.slice(select.length + 1);
  if (inner === "") return (facts) => readProperty(facts, select);
  return (facts) => {
    const outer = readProperty(facts, select);
    if (outer === UNREAD) return UNREAD;
    return typeof outer === "object" && outer !== null ? (outer as Record<string, unknown>)[inner] : null;
  };
}

function compileTest(test: AttributeTest): (value: unknown) => boolean {
  if (test.op === "exists") return (value) => isPresent(value) === test.value;
  const matches = compileMatch(test);
  return (value) =>
    Array.isArray(value)
      ? value.some((item) => isPresent(item) && matches(fold(item)))
      : isPresent(value) && matches(fold(value));
}

function compileMatch(test: Exclude<AttributeTest, { op: "exists" }>): (folded: string) => boolean {
  switch (test.op) {
    case "equals": {
      const wanted = fold(test.value);
      return (folded) => folded === wanted;
    }
    case "in": {
      const wanted = new Set(test.values.map(fold));
      return (folded) => wanted.has(folded);
    }
    case "like": {
      const pattern = [...fold(test.pattern)];
      return (folded) => like(folded, pattern);
    }
  }
}

/** The form in which texts are compared: case and Unicode composition do not count. */
function fold(value: unknown): string {
  return String(value).normalize("NFC").toLowerCase();
}

/** An empty text or list is as good as none. */
function isPresent(value: unknown): boolean {
  return value !== null && value !== undefined && value !== "" && !(Array.isArray(value) && value.length === 0);
}

/** Wildcards without a regular expression: no pattern can make it slow (at most text × pattern steps). */
function like(value: string, pattern: readonly string[]): boolean {
  const text = [...value];
  let t = 0;
  let p = 0;
  let star = -1;
  let resume = 0;
  while (t < text.length) {
    if (pattern[p] === "*") {
      star = p++;
      resume = t;
    } else if (p < pattern.length && (pattern[p] === "?" || pattern[p] === text[t])) {
      p++;
      t++;
    } else if (star >= 0) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (pattern[p] === "*") p++;
  return p === pattern.length;
}
