import { expect, test } from "bun:test";
import { isLoopback } from "../../src/model/loopback.ts";

test.each([
  ["127.0.0.1", true],
  ["127.8.8.8", true],
  ["LOCALHOST", true],
  ["::1", true],
  ["[::1]", true],
  ["0.0.0.0", false],
  ["::", false],
  ["[::1", false],
  ["127.1", false],
  ["127.0.0.256", false],
  ["127.0.0.1:80", false],
  ["localhost.example", false],
  ["10.0.0.1", false],
  ["", false],
])("%p is a loopback host: %p", (host, expected) => {
  expect(isLoopback(host)).toBe(expected);
});
