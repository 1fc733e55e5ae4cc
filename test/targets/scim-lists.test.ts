import { expect, test } from "bun:test";
import { scimParts } from "../support/scim-target.ts";
import { scimError } from "../support/strict-scim.ts";

test.each([
  ["/Users", "entitlements"],
  ["/Groups", "groups"],
] as const)(
  "a service that refuses to list %s is said to be at another address, not to refuse somebody",
  async (list, tierAs) => {
    const parts = scimParts({}, { tierAs });
    parts.scim.fault = ({ path }) => (path === list ? scimError(404) : null);
    await expect(parts.refresh()).rejects.toMatchObject({
      code: "ERR_TARGET_REFUSED",
      hint: expect.stringContaining(`\`target.url\` (${parts.scim.url}) must be the base address`),
    });
  },
);
