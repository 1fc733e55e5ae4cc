import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { NoticeData } from "../../src/model/notice.ts";
import { noticeText } from "../../src/notify/texts.ts";
import { SAMPLES } from "../support/notices.ts";

const LANGUAGES = ["en", "fr"] as const;

/** Every kind of message in one language, as people get it: the golden file beside this one. */
function everyMessage(language: (typeof LANGUAGES)[number]): string {
  const [low, done] = [SAMPLES["seats.low"], SAMPLES["purge.done"]];
  const grace = { id: "u2", address: "grace@contoso.example", displayName: "Grace Hopper" };
  const two = [SAMPLES["seats.exhausted"], { ...SAMPLES["seats.exhausted"], person: grace, keeps: null }];
  const messages: (readonly (readonly NoticeData[])[])[] = [
    ...Object.values(SAMPLES).map((data: NoticeData) => [[data]]),
    [two],
    [[{ ...SAMPLES["credential.expiring"], credential: "secret", thumbprint: null, daysLeft: -1 }]],
    [[low], [done]],
  ];
  return messages
    .map((topics) => noticeText(language, "contoso", topics))
    .map(({ subject, text }) => `Subject: ${subject}\n\n${text}`)
    .join(`\n${"~".repeat(72)}\n\n`);
}

describe("the texts", () => {
  test.each(LANGUAGES)("in %s are those of the golden file", (language) => {
    const golden = readFileSync(join(import.meta.dir, `texts-${language}.golden.txt`), "utf8");
    expect(everyMessage(language)).toBe(golden.replaceAll("\r\n", "\n"));
  });

  test.each(LANGUAGES)("in %s say the same in HTML as in plain text", (language) => {
    for (const data of Object.values(SAMPLES)) {
      const { text, html } = noticeText(language, "contoso", [[data]]);
      const words = (from: string) => new Set(from.match(/[\p{L}\p{N}@.]{3,}/gu) ?? []);
      const shown = html.replace(/^[\s\S]*<body/, "<body").replace(/<[^>]*>/g, " ");
      const plain = shown.replace(/&#39;/g, "'").replace(/&quot;/g, '"');
      expect([...words(text)].filter((word) => !plain.includes(word))).toEqual([]);
    }
  });

  test.each([
    ["en", "takes it back each time", "does not touch it any more"],
    ["fr", "la retire à chaque fois", "n'y touche plus"],
  ] as const)(
    "in %s do not say of a licence that the rules take that the agent lets it be",
    (language, taken, left) => {
      const given = { ...SAMPLES["licence.contested"], wanted: null, found: "Pro" };
      const { text } = noticeText(language, "contoso", [[given]]);
      expect(text).toContain(taken);
      expect(text).not.toContain(left);
      const both = noticeText(language, "contoso", [[given, SAMPLES["licence.contested"]]]);
      expect(both.text).toContain(left);
      expect(both.text).toMatch(/each time|à chaque fois/);
    },
  );

  test("show fifty people and count the rest", () => {
    const person = (number: number) => ({ id: `u${number}`, address: `u${number}@contoso.example`, displayName: null });
    const events = Array.from({ length: 60 }, (_, number) => ({ ...SAMPLES["purge.done"], person: person(number) }));
    const { subject, text, html } = noticeText("en", "contoso", [events]);
    expect(subject).toContain("60 people");
    expect(text.match(/@contoso/g)).toHaveLength(50);
    expect(html.match(/@contoso/g)).toHaveLength(50);
    expect(text).toContain("and 10 more");
  });

  test("keep a subject short whatever somebody is called", () => {
    const person = { id: "u", address: null, displayName: "😀".repeat(5000) };
    const { subject } = noticeText("en", "contoso", [[{ ...SAMPLES["purge.done"], person }]]);
    expect([...subject]).toHaveLength(150);
    expect(subject).toEndWith("😀…");
  });

  test("turn every text in the data into one harmless line", () => {
    const nasty = 'a\r\nX-Evil: 1\u0000\u001b[31m\u202e<b>&"';
    const poison = (value: unknown): unknown => {
      if (typeof value === "string") return value.includes("T0") ? value : `${value}${nasty}`;
      if (Array.isArray(value)) return value.map(poison);
      if (typeof value !== "object" || value === null) return value;
      const fixed = ["kind", "guard", "action", "credential"];
      return Object.fromEntries(
        Object.entries(value).map(([key, inner]) => [key, fixed.includes(key) ? inner : poison(inner)]),
      );
    };
    for (const language of LANGUAGES) {
      for (const data of Object.values(SAMPLES)) {
        const { subject, text, html } = noticeText(language, "contoso", [[poison(data) as NoticeData]]);
        expect(subject).not.toMatch(/\p{Cc}/u);
        expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}|\u202e/u);
        expect(text).not.toMatch(/^X-Evil/m);
        expect(html).not.toContain("<b>");
      }
    }
  });
});
