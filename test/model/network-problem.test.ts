import { expect, test } from "bun:test";
import { networkProblem } from "../../src/model/network-problem.ts";

const nested = (message: string, code?: string) =>
  new TypeError("fetch failed", { cause: Object.assign(new Error(message), code === undefined ? {} : { code }) });

test.each([
  ["a code of the runtime", nested("x", "ECONNREFUSED"), "ECONNREFUSED"],
  [
    "a sentence of Deno",
    new TypeError(
      "error sending request for url (https://x/): client error (Connect): tcp connect error: Connection refused (os error 111)",
    ),
    "ECONNREFUSED",
  ],
  [
    "a name that is not known",
    new TypeError("error sending request for url (https://x/): dns error: failed to lookup"),
    "ENOTFOUND",
  ],
  ["a timeout", new DOMException("timed out", "TimeoutError"), "no answer in time"],
  ["something else", "thrown text", "unknown error"],
])("says in few words what went wrong: %s", (_, cause, why) => {
  expect(networkProblem(cause)).toEqual({ why, hint: null });
});

test.each([
  nested("unable to verify", "UNABLE_TO_VERIFY_LEAF_SIGNATURE"),
  new TypeError("invalid peer certificate: UnknownIssuer"),
])("an untrusted certificate leads to caFile: %p", (cause) => {
  expect(networkProblem(cause).hint).toContain("caFile");
});
