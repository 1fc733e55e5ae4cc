import { describe, expect, test } from "bun:test";
import type { HoldStore } from "../../src/cycle/store-ports.ts";
import type { Action } from "../../src/model/action.ts";
import type { HoldProposal } from "../../src/plan/types.ts";
import { openDatabase } from "../../src/store/database.ts";
import { openTenantStore } from "../../src/store/tenant-store.ts";

const HOUR = 60 * 60 * 1000;

function holdStore(): HoldStore {
  return openTenantStore(openDatabase(":memory:"), "contoso", "d1").holds;
}

function revokes(...users: string[]): HoldProposal {
  const actions = users.map(
    (user, person): Action => ({
      kind: "revoke",
      user,
      person,
      address: null,
      from: "Pro",
      to: null,
      reason: "rule remove",
    }),
  );
  return { guard: "revoke", reason: "too many", actions };
}

describe("holds", () => {
  test("keep their id while their set shrinks and change it when it grows", () => {
    const holds = holdStore();
    const first = holds.reconcile([revokes("a", "b", "c")], 0);
    const id = first.formed[0]?.id;
    const shrunk = holds.reconcile([revokes("a", "b")], HOUR);
    expect(shrunk.open.map((hold) => hold.id)).toEqual([id as string]);
    expect(shrunk.open[0]?.actions.map(({ user }) => user)).toEqual(["a", "b"]);
    expect(shrunk.formed).toEqual([]);
    const grown = holds.reconcile([revokes("a", "b", "c")], 2 * HOUR);
    expect(grown.open).toHaveLength(1);
    expect(grown.open[0]?.id).not.toBe(id);
    expect(grown.formed).toHaveLength(1);
  });

  test("form anew after 24 hours", () => {
    const holds = holdStore();
    const id = holds.reconcile([revokes("a")], 0).open[0]?.id;
    expect(holds.reconcile([revokes("a")], 23 * HOUR).open[0]?.id).toBe(id as string);
    const anew = holds.reconcile([revokes("a")], 25 * HOUR);
    expect(anew.formed.map((hold) => hold.id)).not.toEqual([id as string]);
    expect(anew.open).toHaveLength(1);
  });

  test("dissolve when their cause is gone", () => {
    const holds = holdStore();
    holds.reconcile([revokes("a")], 0);
    expect(holds.reconcile([], 1).open).toEqual([]);
  });

  test("approved by a clock that was set back are approved from when they formed", () => {
    const holds = holdStore();
    const id = holds.reconcile([revokes("a")], 30 * HOUR).open[0]?.id as string;
    holds.approve(id, null, HOUR);
    holds.reconcile([], 31 * HOUR);
    expect(holds.approved(31 * HOUR)).toHaveLength(1);
  });

  test("lapse 24 hours after they were approved", () => {
    const holds = holdStore();
    const id = holds.reconcile([revokes("a")], 0).open[0]?.id as string;
    holds.approve(id, null, HOUR);
    expect(holds.approved(25 * HOUR)).toHaveLength(1);
    expect(holds.approved(25 * HOUR + 1)).toEqual([]);
  });

  test("approve exactly the pairs they hold", () => {
    const holds = holdStore();
    const id = holds.reconcile([revokes("a", "b")], 0).open[0]?.id ?? "";
    holds.approve(id, null, 1);
    expect(holds.approved(1)).toEqual([
      { user: "a", kind: "revoke", from: "Pro", to: null },
      { user: "b", kind: "revoke", from: "Pro", to: null },
    ]);
    expect(holds.open()).toEqual([]);
  });

  test("are ruled on no more once they have expired: nobody has looked since", () => {
    const holds = holdStore();
    const id = holds.reconcile([revokes("a")], 0).open[0]?.id ?? "";
    for (const rule of [() => holds.approve(id, null, 24 * HOUR), () => holds.reject(id, 24 * HOUR)]) {
      expect(rule).toThrow(/expired at 1970-01-02T00:00:00\.000Z/);
    }
    expect([holds.approved(24 * HOUR), holds.rejected()]).toEqual([[], []]);
    holds.approve(id, null, 24 * HOUR - 1);
    expect(holds.approved(24 * HOUR)).toHaveLength(1);
  });

  test("stay open for the others when only some people are approved", () => {
    const holds = holdStore();
    const id = holds.reconcile([revokes("a", "b", "c")], 0).open[0]?.id ?? "";
    holds.approve(id, ["b"], 1);
    expect(holds.approved(1).map(({ user }) => user)).toEqual(["b"]);
    expect(holds.open()[0]?.actions.map(({ user }) => user)).toEqual(["a", "c"]);
  });

  test("approve nothing when asked for somebody they do not hold", () => {
    const holds = holdStore();
    const id = holds.reconcile([revokes("a")], 0).open[0]?.id ?? "";
    expect(() => holds.approve(id, ["a", "z"], 1)).toThrow(expect.objectContaining({ code: "ERR_NOT_FOUND" }));
    expect(holds.approved(1)).toEqual([]);
  });

  test("remember a rejection", () => {
    const holds = holdStore();
    const id = holds.reconcile([revokes("a")], 0).open[0]?.id ?? "";
    holds.reject(id, 1);
    expect(holds.rejected().map(({ user }) => user)).toEqual(["a"]);
    expect(holds.open()).toEqual([]);
  });

  test("refuse an id that is not open", () => {
    expect(() => holdStore().approve("nope", null, 0)).toThrow(expect.objectContaining({ code: "ERR_NOT_FOUND" }));
  });
});
