/** What is kept between cycles: where changes go on from (cursor), and how far a cut full read came (progress). JSON text to the store. */
import * as v from "valibot";
import type { GroupNode } from "./tree.ts";

/** What is kept of an earlier version may lack doubts that are noted now: everything is read again. */
export const VERSION = 2;

const idList = v.array(v.string());

const stream = v.object({ ids: idList, path: v.string() });

const nodes = v.pipe(
  v.record(v.string(), v.tuple([v.string(), v.nullable(v.string()), idList])),
  v.transform(
    (groups) =>
      new Map<string, GroupNode>(
        Object.entries(groups).map(([id, [displayName, visibility, children]]) => [
          id,
          { displayName, visibility, children: new Set(children) },
        ]),
      ),
  ),
);

/** Deleted users, each with whether a group was listed meanwhile, or never with them in it: then their memberships are not all known. */
const removed = v.pipe(
  v.array(v.tuple([v.string(), v.boolean()])),
  v.transform((entries) => new Map(entries)),
);

const cursorSchema = v.object({
  version: v.literal(VERSION),
  key: v.string(),
  batch: v.boolean(),
  users: v.string(),
  streams: v.array(stream),
  parent: v.string(),
  others: idList,
  nodes,
  removed,
  unresolved: idList,
  again: v.exactOptional(v.record(v.string(), v.number())),
  gone: idList,
  unsure: idList,
  listedAt: v.nullable(v.number()),
  wary: v.boolean(),
  reads: v.exactOptional(v.number()),
  overflow: v.exactOptional(v.boolean()),
});

const progressSchema = v.object({
  version: v.literal(VERSION),
  key: v.string(),
  startedAt: v.number(),
  delta: v.nullable(v.object({ users: v.string(), streams: v.array(stream) })),
  parent: v.string(),
  others: idList,
  nodes,
  removed,
  unsure: idList,
  wary: v.boolean(),
  reads: v.exactOptional(v.number()),
  gone: idList,
  done: idList,
  open: v.record(v.string(), v.string()),
});

/** Groups delta of up to 50 groups, from `path` on. */
export type Stream = v.InferOutput<typeof stream>;

/**
 * `batch`: whether Graph takes delta links in a `$batch`. `unresolved`: members whom the directory did not know when they were looked up.
 * `again`: who was not found is to be looked up once more, and in how many cycles. `gone`: tracked groups that were deleted (a Microsoft 365 group can be
 * restored). `unsure`: people who were deleted and then listed: groups may have been listed without them before. `listedAt`: when groups were
 * last listed, as long as changes of that time may still come. `wary`: everything was listed since `users` was the place, for the first time in
 * a row, so whoever is told of may have been away meanwhile. `reads`: full reads in a row up to this one whose changes asked for another.
 * `overflow`: there were more unknown members than are remembered.
 */
export type Cursor = v.InferOutput<typeof cursorSchema>;

/**
 * `done`: groups listed to the end; `open`: next page of groups begun; `delta`: null where the tenant has none. `removed`: false for those who
 * were there again before the listing began. `unsure`, `wary` and `reads`: as the cursor will have them.
 */
export type Progress = v.InferOutput<typeof progressSchema>;

/** Null for text of another version, scope or shape: then everything is read again. */
export function parseCursor(text: string | null, key: string): Cursor | null {
  return parse(cursorSchema, text, key);
}

export function parseProgress(text: string | null, key: string): Progress | null {
  return parse(progressSchema, text, key);
}

/** Deleted users of an earlier cursor: as listings leave them out, a full read knows nothing of their memberships. */
export function removedBefore(text: string | null): Map<string, boolean> {
  const parsed = v.safeParse(v.object({ removed }), parseJson(text));
  return new Map(parsed.success ? [...parsed.output.removed.keys()].map((id) => [id, true]) : []);
}

/** Deleted groups of an earlier cursor that are still to be watched: no listing tells of them. */
export function goneBefore(text: string | null): string[] {
  const parsed = v.safeParse(v.object({ gone: idList }), parseJson(text));
  return parsed.success ? parsed.output.gone : [];
}

/** Whether an earlier cursor is that of a full read whose changes were never got through. */
export function wasWary(text: string | null): boolean {
  return v.safeParse(v.object({ wary: v.literal(true) }), parseJson(text)).success;
}

/** Full reads in a row up to an earlier cursor, without the changes after them. */
export function readsBefore(text: string | null): number {
  const parsed = v.safeParse(v.object({ reads: v.number() }), parseJson(text));
  return parsed.success ? parsed.output.reads : 0;
}

/** Where the changes of users go on in an earlier cursor; null: it does not say. */
export function usersBefore(text: string | null): string | null {
  const parsed = v.safeParse(v.object({ users: v.string() }), parseJson(text));
  return parsed.success ? parsed.output.users : null;
}

export function toText(state: Cursor | Progress): string {
  const nodesAsRecord = Object.fromEntries(
    [...state.nodes].map(([id, node]) => [id, [node.displayName, node.visibility, [...node.children]]]),
  );
  return JSON.stringify({ ...state, nodes: nodesAsRecord, removed: [...state.removed] });
}

function parse<S extends typeof cursorSchema | typeof progressSchema>(
  schema: S,
  text: string | null,
  key: string,
): v.InferOutput<S> | null {
  const parsed = v.safeParse(schema, parseJson(text));
  return parsed.success && parsed.output.key === key ? parsed.output : null;
}

function parseJson(text: string | null): unknown {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
