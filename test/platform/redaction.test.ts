import { expect, test } from "bun:test";
import { redactText } from "../../src/platform/redaction.ts";

test("what is wrong with a secret's key in a file stays readable", () => {
  const finding =
    "tiersync.yaml:5:18 tenants[0].credential.clientSecret: name either certificate or clientSecret, not both";
  expect(redactText(finding)).toBe(finding);
});

test.each([
  "clientSecret: abc123",
  "12:00:05 password=abc123",
  "oauth.clientSecret: abc123",
  "tiersync.yaml: password: abc123",
])("a value does not: %s", (text) => {
  expect(redactText(text)).not.toContain("abc123");
});
