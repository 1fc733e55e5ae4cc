import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { plainText } from "../../src/model/plain-text.ts";

describe("plain text", () => {
  const unsafe: [string, string][] = [
    ["a terminal escape", "\u001b"],
    ["a C1 control", "\u009b"],
    ["a line feed", "\n"],
    ["a delete", "\u007f"],
    ["a line separator", "\u2028"],
    ["a right-to-left override", "\u202e"],
    ["a bidi isolate", "\u2066"],
    ["an Arabic letter mark", "\u061c"],
    ["a zero width space", "\u200b"],
    ["a byte order mark", "\ufeff"],
    ["a tag character", "\u{e0041}"],
    ["half of a surrogate pair", "\ud800"],
  ];
  for (const [title, character] of unsafe) {
    test(`shows ${title} as a replacement character`, () => {
      expect(plainText(`a${character}b`)).toBe("a\uFFFDb");
    });
  }

  test("leaves names of every script alone", () => {
    for (const name of ["Zoë Åström", "李小龍", "مریم‌السادات", "नमस्ते", "👩‍💻", "O'Brien <o@x.example>"]) {
      expect(plainText(name)).toBe(name);
    }
  });

  test("is the same when done twice", () => {
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => plainText(plainText(text)) === plainText(text)));
  });
});
