import { expect, test } from "bun:test";
import { type CursorList, cursorOf, readCursor } from "../../src/store/cursor.ts";

const LISTS: readonly CursorList[] = ["people", "events", "cycles"];
const refused = expect.objectContaining({ code: "ERR_BAD_REQUEST" });

test("a cursor is read by the list that gave it, and by no other", () => {
  for (const list of LISTS) {
    for (const key of [0, 1, 35, 36, 123_456, 2 ** 40]) {
      const cursor = cursorOf(list, key);
      expect(readCursor(list, cursor)).toBe(key);
      for (const other of LISTS) if (other !== list) expect(() => readCursor(other, cursor)).toThrow(refused);
    }
  }
});

test("what was never given is refused", () => {
  const cursor = cursorOf("people", 300);
  const near = [...cursor].map((_, index) => `${cursor.slice(0, index)}9${cursor.slice(index + 1)}`);
  const made = near.filter((text) => text !== cursor);
  for (const text of ["", "zzz", "p", "pzz", "12", `${cursor} `, cursor.toUpperCase(), `0${cursor}`, ...made]) {
    expect(() => readCursor("people", text)).toThrow(refused);
  }
});
