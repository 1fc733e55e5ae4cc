/** Who is told what, from outside: `sync` against a simulated tenant, and the mails that a real server got. */
import { afterEach, describe, expect, setSystemTime, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeCertificate } from "../support/certificate.ts";
import { exported, exportedPerson, onlyHold, RULES, type TestHome } from "../support/home.ts";
import { type MailHome, openMailHome } from "../support/mail-home.ts";

const HOUR = 60 * 60 * 1000;

afterEach(() => {
  setSystemTime();
});

function passTime(milliseconds: number): void {
  setSystemTime(new Date(Date.now() + milliseconds));
}

function move(home: TestHome, person: string, from: string, to: string): void {
  home.tenant.removeMember(home.groups[from] as string, person);
  home.tenant.addMember(home.groups[to] as string, person);
}

/** The mails that one cycle brings, as subject and text. */
async function told({ home, news }: MailHome, ...argv: string[]) {
  const { code } = await home.run("sync", ...argv);
  const mails = news().map((mail) => ({
    subject: (mail.header("Subject") ?? "").replace("[tiersync] contoso: ", ""),
    text: mail.part("text/plain").replaceAll("\r\n", "\n"),
    html: mail.part("text/html"),
    mail,
  }));
  return { code, mails, subjects: mails.map(({ subject }) => subject).sort() };
}

describe("when seats run out (B6)", () => {
  test("one mail names tier, who, since when, bought and used; the next one only who is new", async () => {
    const at = await openMailHome({ seats: { Pro: 1 }, mailboxSettings: false });
    const { home } = at;
    home.person("Ana First", ["Pro"]);
    expect((await told(at)).subjects).toEqual([]);
    home.person("Ben Second", ["Pro"]);
    const first = await told(at);
    expect(first.code).toBe(0);
    expect(first.subjects).toEqual(["no Pro seat is free: Ben Second waits"]);
    const [{ text, html, mail } = { text: "", html: "", mail: null }] = first.mails;
    expect(mail).toMatchObject({
      from: "tiersync@contoso.example",
      to: ["admins@contoso.example"],
      user: "agent",
      secure: true,
    });
    const { since } = await exportedPerson(home, "Ben Second");
    for (const part of [
      "Pro: 1 seat bought, 1 used; 1 person waiting in all.",
      "Ben Second",
      "ben.second@contoso.example",
      `${since.slice(0, 10)} ${since.slice(11, 16)} UTC`,
    ]) {
      expect(text).toContain(part);
      expect(html).toContain(part);
    }
    expect(text.split("\n")[0]).toStartWith("Buy more Pro seats");
    expect((await told(at)).subjects).toEqual([]);
    passTime(HOUR);
    home.person("Cleo Third", ["Pro"]);
    const second = await told(at);
    expect(second.subjects).toEqual(["no Pro seat is free: Cleo Third waits"]);
    expect(second.mails[0]?.text).toContain("2 people waiting in all");
    expect(second.mails[0]?.text).not.toContain("Ben Second");
    passTime(HOUR);
    expect((await told(at)).subjects).toEqual([]);
  });

  test("several who begin to wait in one cycle are one mail, and each tier has its own", async () => {
    const at = await openMailHome({ seats: { Pro: 0, Eco: 0 }, mailboxSettings: false });
    for (const name of ["Ana", "Ben", "Cleo"]) at.home.person(name, ["Pro"]);
    at.home.person("Dan", ["Eco"]);
    expect((await told(at)).subjects).toEqual(["no Eco seat is free: Dan waits", "no Pro seat is free: 3 people wait"]);
  });

  test("somebody who waits for a higher tier is named with the licence kept meanwhile", async () => {
    const at = await openMailHome({ seats: { Pro: 0 }, mailboxSettings: false });
    const ana = at.home.person("Ana", ["Eco"]);
    await told(at);
    at.home.tenant.addMember(at.home.groups["Pro"] as string, ana);
    const { subjects, mails } = await told(at);
    expect(subjects).toEqual(["no Pro seat is free: Ana waits"]);
    expect(mails[0]?.text).toMatch(/Ana \| ana@contoso\.example \| .* UTC \| Eco/);
  });

  test("nearly out is told once, until enough are free again", async () => {
    const at = await openMailHome({ seats: { Pro: 3 }, mailboxSettings: false });
    const { home } = at;
    home.rewrite((text) => text.replace("Pro: {seats: 3}", "Pro: {seats: 3, warnBelow: 2}"));
    home.person("Ana", ["Pro"]);
    expect((await told(at)).subjects).toEqual([]);
    const ben = home.person("Ben", ["Pro"]);
    expect((await told(at)).subjects).toEqual(["Pro is nearly out of seats: 1 free"]);
    expect((await told(at)).subjects).toEqual([]);
    move(home, ben, "Pro", "No_Licence");
    expect((await told(at)).subjects).toEqual(["the event logs of Ben will be deleted for good"]);
    move(home, ben, "No_Licence", "Pro");
    expect((await told(at)).subjects).toEqual(["Pro is nearly out of seats: 1 free"]);
  });
});

describe("what is held", () => {
  test("is one mail with how to approve; another when it grows, and none when it shrinks", async () => {
    const at = await openMailHome({ mailboxSettings: false });
    const { home } = at;
    const people = Array.from({ length: 20 }, (_, i) => home.person(`Person ${i}`, ["Eco"]));
    await told(at);
    for (const person of people.slice(0, 5)) move(home, person, "Eco", "No_Licence");
    const held = await told(at);
    expect(held.code).toBe(3);
    expect(held.subjects).toEqual(["approval needed: 5 revocations held"]);
    const { id } = await onlyHold(home);
    expect(held.mails[0]?.text).toContain(`tiersync holds approve ${id}`);
    expect(held.mails[0]?.text).toContain(`tiersync holds reject ${id}`);
    expect(held.mails[0]?.text).toContain("person.3@contoso.example");
    expect((await told(at)).subjects).toEqual([]);
    move(home, people[0] as string, "No_Licence", "Eco");
    expect((await told(at)).subjects).toEqual([]);
    move(home, people[7] as string, "Eco", "No_Licence");
    expect((await told(at)).subjects).toEqual(["approval needed: 5 revocations held"]);
    passTime(25 * HOUR);
    expect((await told(at)).subjects).toEqual(["approval needed: 5 revocations held"]);
  });
});

describe("a cycle that fails", () => {
  test("is told at the third time in a row, with cause and remedy, and once more when it works again", async () => {
    const at = await openMailHome();
    at.home.person("Ana", ["Pro"]);
    await told(at);
    const rename = (from: string, to: string) =>
      at.home.rewrite((text) => text.replace(`parentGroup: ${from}`, `parentGroup: ${to}`));
    rename("SecureExchanges_Licences", "Missing_Licences");
    expect((await told(at)).code).toBe(1);
    expect((await told(at)).subjects).toEqual([]);
    const third = await told(at);
    expect(third.subjects).toEqual([expect.stringMatching(/^synchronisation has been failing since .* UTC$/)]);
    expect(third.mails[0]?.text).toContain("ERR_GROUP_NOT_FOUND");
    expect(third.mails[0]?.text).toContain("3 cycles in a row");
    expect((await told(at)).subjects).toEqual([]);
    rename("Missing_Licences", "SecureExchanges_Licences");
    const again = await told(at);
    expect(again).toMatchObject({ code: 0, subjects: ["synchronisation works again"] });
    expect(again.mails[0]?.text).toContain("4 cycles in a row had failed");
    expect((await told(at)).subjects).toEqual([]);
  });
});

describe("people are told", () => {
  test("of a credential that expires, once for each threshold", async () => {
    const at = await openMailHome();
    const { certificatePem, pem } = makeCertificate({ days: 31 });
    const [app] = at.home.tenant.applications.values();
    at.home.tenant.register({ ...(app as NonNullable<typeof app>), certificates: [certificatePem] });
    writeFileSync(join(at.home.home, "keys", "contoso.pem"), pem, { mode: 0o600 });
    const first = await told(at);
    expect(first.subjects).toEqual(["the certificate expires in 30 days"]);
    expect(first.mails[0]?.text).toContain("tiersync cert rotate");
    expect((await told(at)).subjects).toEqual([]);
    passTime(17 * 24 * HOUR);
    expect((await told(at)).subjects).toEqual(["the certificate expires in 13 days"]);
    expect((await told(at)).subjects).toEqual([]);
  });

  test("of a conflict, once, with both rules", async () => {
    const at = await openMailHome();
    at.home.writeRules(RULES.replace("priority: 20", "priority: 30"));
    at.home.person("Ana", ["Pro", "Advanced"]);
    const { subjects, mails } = await told(at);
    expect(subjects).toEqual(["conflict: nothing is done for Ana"]);
    expect(mails[0]?.text).toMatch(/pro.*advanced|advanced.*pro/);
    expect((await told(at)).subjects).toEqual([]);
  });

  test("before event logs are deleted, and afterwards", async () => {
    const at = await openMailHome({ purgeAfter: "24h", mailboxSettings: false });
    const ana = at.home.person("Ana", ["Pro"]);
    await told(at);
    move(at.home, ana, "Pro", "No_Licence");
    const coming = await told(at);
    expect(coming.subjects).toEqual(["the event logs of Ana will be deleted for good"]);
    const { purgeAt } = await exportedPerson(at.home, "Ana");
    expect(coming.mails[0]?.text).toContain(`${purgeAt?.slice(0, 10)} ${purgeAt?.slice(11, 16)} UTC`);
    expect((await told(at)).subjects).toEqual([]);
    passTime(25 * HOUR);
    expect((await told(at)).subjects).toEqual(["the event logs of Ana were deleted for good"]);
    expect((await told(at)).subjects).toEqual([]);
  });

  test("when more than a tenth leave the rules at once, and nothing is taken from them", async () => {
    const at = await openMailHome({ mailboxSettings: false });
    const people = Array.from({ length: 40 }, (_, i) => at.home.person(`Person ${i}`, ["Eco"]));
    await told(at);
    const leave = (some: readonly string[]) => {
      for (const person of some) at.home.tenant.removeMember(at.home.groups["Eco"] as string, person);
    };
    leave(people.slice(0, 4));
    expect((await told(at)).subjects).toEqual([]);
    leave(people.slice(4, 8));
    const { code, subjects, mails } = await told(at);
    expect({ code, subjects }).toEqual({ code: 0, subjects: ["4 of 36 people are no longer managed"] });
    expect(mails[0]?.text).toContain("nothing was taken from anybody");
    const known = Object.values(await exported(at.home));
    expect(known.filter(({ tier }) => tier === "Eco")).toHaveLength(40);
    expect(known.filter(({ state }) => state === "unmanaged")).toHaveLength(8);
    expect((await told(at)).subjects).toEqual([]);
  });

  test("of what was done by hand, in the next cycle", async () => {
    const at = await openMailHome({ mailboxSettings: false });
    const ana = at.home.person("Ana Gone", ["Pro"]);
    await told(at);
    at.home.tenant.deleteUser(ana);
    await told(at);
    expect((await at.home.run("accounts", "revoke", ana, "--yes")).code).toBe(0);
    const { subjects, mails } = await told(at);
    expect(subjects).toEqual([expect.stringMatching(/^by hand: licence taken back for /)]);
    expect(mails[0]?.text).toContain("Pro");
    expect((await told(at)).subjects).toEqual([]);
  });

  test("in French where that is set", async () => {
    const at = await openMailHome({ seats: { Pro: 0 }, language: "fr", mailboxSettings: false });
    at.home.person("Zoé Lefèvre", ["Pro"], { mail: "zoe@contoso.example" });
    const { subjects, mails } = await told(at);
    expect(subjects).toEqual([expect.stringMatching(/^aucune place Pro libre\s: Zoé Lefèvre attend$/)]);
    expect(mails[0]?.html).toContain('lang="fr"');
    expect(mails[0]?.text).toContain("Zoé Lefèvre");
  });

  test("without what a name smuggles in", async () => {
    const at = await openMailHome({ seats: { Pro: 0 }, mailboxSettings: false });
    const displayName = "Eve\r\nBcc: mallory@evil.example\r\n\r\n<img src=x onerror=alert(1)>";
    at.home.person("eve", ["Pro"], { displayName });
    const { mails } = await told(at);
    expect(mails).toHaveLength(1);
    expect(mails[0]?.mail.to).toEqual(["admins@contoso.example"]);
    expect(mails[0]?.mail.header("Bcc")).toBeUndefined();
    expect(mails[0]?.html).not.toContain("<img");
  });
});
