/** Actions that a remote target carried out and whose answers were lost: they get the records that they would have got. */
import type { ActionKind } from "../model/action.ts";
import type { LostAnswer } from "../model/remote-account.ts";
import type { TierName } from "../model/tier.ts";
import type { TenantStore } from "./store-ports.ts";

/** Call it in the transaction that takes the account into the copy. */
export function settleLost(
  { intents, journal, accounts }: Pick<TenantStore, "intents" | "journal" | "accounts">,
  { user, person, account, before, now, made, at }: LostAnswer,
): void {
  const sent = intents.of(user);
  const record = (kind: ActionKind, from: TierName | null, to: TierName | null): void =>
    journal.recordLost({ kind, user, person, address: null, from, to, reason: "the answer was lost" }, at);
  const held = before?.tier ?? null;
  const kind = made ? "create" : "adopt";
  if (before === null && sent.has(kind)) record(kind, null, held);
  if (held === now) return;
  if (now !== null) {
    const given = held === null ? "assign" : "change";
    if (sent.has(given)) record(given, held, now);
  } else if (sent.has("revoke")) {
    // From here the time to the purge counts: without it the event logs would stay for ever.
    accounts.revoke(account, at);
    record("revoke", held, null);
  }
}
