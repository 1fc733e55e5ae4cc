/**
 * Where a list goes on: the row key of the last item of the page before, with the list that it is of and a check. What this did not make is
 * refused: read as a place behind the end, it would say that nobody is left.
 */
import { AgentError } from "../errors.ts";

export type CursorList = "people" | "events" | "cycles";

const CHECKS = 36 ** 2;

/** The text that stands for the row key. */
export function cursorOf(list: CursorList, key: number): string {
  const text = `${list[0]}${key.toString(36)}`;
  let check = 0;
  for (const character of text) check = (check * 31 + character.charCodeAt(0)) % CHECKS;
  return `${text}${check.toString(36).padStart(2, "0")}`;
}

/** The row key. Throws `ERR_BAD_REQUEST` for what `cursorOf` did not make for this list. */
export function readCursor(list: CursorList, cursor: string): number {
  const key = Number.parseInt(cursor.slice(1, -2), 36);
  if (Number.isSafeInteger(key) && cursorOf(list, key) === cursor) return key;
  throw new AgentError("ERR_BAD_REQUEST", `"after" is not a cursor of this list`, {
    hint: 'pass the value of "next" unchanged',
  });
}
