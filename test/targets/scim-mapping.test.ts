import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { scimPatch } from "scim-patch";
import { filter, parse } from "scim2-parse-filter";
import { equals } from "../../src/targets/scim/filter.ts";
import { ianaZone } from "../../src/targets/scim/time-zone.ts";
import { readUser } from "../../src/targets/scim/user-read.ts";
import {
  changedUser,
  differences,
  type PatchOperation,
  tierOperations,
  type UserChange,
  type WriteContext,
} from "../../src/targets/scim/user-write.ts";
import { WINDOWS_ZONES } from "../../src/targets/scim/windows-zones.ts";
import { profileOf } from "../support/target-people.ts";

const TIERS = ["Eco", "Advanced", "Pro"];
const context: WriteContext = {
  schema: { writable: () => true, required: () => false, plain: () => false },
  tierAs: "entitlements",
  tiers: TIERS,
};

const tier = fc.constantFrom(null, ...TIERS);
const text = fc.constantFrom(null, "Ana", "Ng", "fr-CA");
const address = fc.constantFrom("a@x.example", "b@x.example", "C@x.example");
const profile = fc.record({
  userName: fc.constantFrom(null, "a@x.example", "upn@x.example"),
  address,
  displayName: text,
  givenName: text,
  surname: text,
  language: text,
  timeZone: fc.constantFrom(null, "Eastern Standard Time", "W. Europe Standard Time", "My own zone"),
});
const email = fc.record(
  { value: address, type: fc.constantFrom("work", "home"), primary: fc.boolean() },
  { requiredKeys: ["value"] },
);
const user = fc
  .record(
    {
      externalId: fc.constantFrom("x", "y"),
      userName: address,
      name: fc.record({ givenName: fc.constant("Old"), formatted: fc.constant("Old Name") }, { requiredKeys: [] }),
      displayName: fc.constantFrom("Old", "Ana"),
      emails: fc.uniqueArray(email, { maxLength: 3, selector: ({ value }) => value }),
      active: fc.boolean(),
      preferredLanguage: fc.constantFrom("de", "fr-CA"),
      entitlements: fc.uniqueArray(fc.constantFrom("Parking", "Wiki", "pro", "ECO", ...TIERS), { maxLength: 4 }),
      nickName: fc.constant("Pat"),
    },
    { requiredKeys: ["userName"] },
  )
  .map(({ entitlements, ...rest }) => ({
    ...rest,
    id: "id-1",
    ...(entitlements === undefined ? {} : { entitlements: entitlements.map((value) => ({ value })) }),
  }));
const change: fc.Arbitrary<UserChange> = fc.record(
  {
    externalId: fc.constantFrom("x", "z"),
    active: fc.boolean(),
    tier,
    profile: fc.record({ now: profile, before: fc.option(profile), address }),
  },
  { requiredKeys: [] },
);

const patched = (from: unknown, operations: readonly PatchOperation[]): unknown =>
  scimPatch(structuredClone(from) as never, structuredClone(operations) as never);
/** An attribute without values is no attribute (RFC 7643 §2.5). */
const withoutEmpty = (resource: unknown): unknown =>
  Object.fromEntries(
    Object.entries(resource as object).filter(([, value]) => value !== undefined && JSON.stringify(value) !== "[]"),
  );
const held = (resource: unknown) => readUser(resource as never, "entitlements", TIERS)?.tiers;

describe("a changed user", () => {
  test("is what an independent PATCH makes of the differences", () => {
    fc.assert(
      fc.property(user, change, (before, wanted) => {
        const after = changedUser(before, wanted, context);
        expect(withoutEmpty(patched(before, differences(before, after)))).toEqual(withoutEmpty(after) as never);
      }),
    );
  });

  test("differs in nothing when it is changed again", () => {
    fc.assert(
      fc.property(user, change, (before, wanted) => {
        const after = changedUser(before, wanted, context);
        expect(differences(after, changedUser(after, wanted, context))).toEqual([]);
      }),
    );
  });

  test("holds the tier asked for and no other, and keeps what is another's", () => {
    fc.assert(
      fc.property(user, tier, (before, wanted) => {
        const after = changedUser(before, { tier: wanted }, context);
        expect(held(after)).toEqual(wanted === null ? [] : [wanted]);
        const foreign = (resource: Record<string, unknown>) =>
          ((resource["entitlements"] ?? []) as { value: string }[]).filter(({ value }) => /Parking|Wiki/.test(value));
        expect(foreign(after)).toEqual(foreign(before));
        expect({ ...after, entitlements: null }).toEqual({ ...before, entitlements: null });
      }),
    );
  });

  test("has one primary address, which is the one asked for", () => {
    fc.assert(
      fc.property(user, profile, address, (before, now, wanted) => {
        const after = changedUser(before, { profile: { now, before: null, address: wanted } }, context);
        const emails = after["emails"] as { value: string; primary?: boolean }[];
        expect(emails.filter(({ primary }) => primary === true).map(({ value }) => value)).toEqual([wanted]);
      }),
    );
  });

  test("loses what the agent had written and the directory has no more, and nothing that it had not", () => {
    const before = { id: "1", preferredLanguage: "de", locale: "de", displayName: "Ana" };
    const now = profileOf(1, { displayName: null });
    const written = profileOf(1, { language: "de" });
    const change = (last: typeof now | null) => ({ profile: { now, before: last, address: "a@x.example" } });
    expect(changedUser(before, change(null), context)).toMatchObject({ preferredLanguage: "de", displayName: "Ana" });
    expect(Object.keys(changedUser(before, change(written), context))).not.toContain("preferredLanguage");
  });
});

test("the short way to change a tier leads to the same as the long one, for an account that is as the copy has it", () => {
  fc.assert(
    fc.property(tier, tier, fc.subarray(["Parking", "Wiki"]), (from, to, foreign) => {
      const values = [...foreign, ...(from === null ? [] : [from])].map((value) => ({ value }));
      const before = { id: "1", ...(values.length === 0 ? {} : { entitlements: values }) };
      const short = patched(before, tierOperations(from, to, context));
      expect(withoutEmpty(short)).toEqual(withoutEmpty(changedUser(before, { tier: to }, context)) as never);
    }),
  );
});

test("a filter finds exactly the value it was made for, whatever is in it", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string(), (value, other) => {
      // The parser does not undo the escape of a backslash, which RFC 7644 §3.4.2.2 takes from JSON.
      fc.pre(!value.includes("\\"));
      const finds = filter(parse(equals("userName", value)));
      expect(finds({ userName: value })).toBe(true);
      if (other !== value) expect(finds({ userName: other })).toBe(false);
    }),
  );
  expect(equals("userName", "a\\")).toBe('userName eq "a\\\\"');
  expect(equals("userName", 'a" or userName pr or "')).toBe('userName eq "a\\" or userName pr or \\""');
});

describe("a time zone", () => {
  test.each([
    ["Eastern Standard Time", "America/New_York"],
    ["w. europe standard time", "Europe/Berlin"],
    ["Europe/Oslo", "Europe/Oslo"],
    ["Customized Time Zone", null],
    ["Nowhere/Land", null],
    ["", null],
  ])("%p is %p", (name, zone) => {
    expect(ianaZone(name)).toBe(zone);
  });

  test("of Windows is one that computers know, for every name", () => {
    const unknown = Object.values(WINDOWS_ZONES).filter((zone) => {
      try {
        return new Intl.DateTimeFormat("en", { timeZone: zone }) === null;
      } catch {
        return true;
      }
    });
    expect(unknown).toEqual([]);
    expect(Object.keys(WINDOWS_ZONES).length).toBeGreaterThan(130);
  });
});
