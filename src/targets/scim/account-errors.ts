/** Refusals that say something about the local copy. */
import { AgentError } from "../../errors.ts";
import type { SeenAccount } from "../../model/remote-account.ts";

/** An account is not there any more. */
export class AccountGone extends AgentError {
  constructor(what: string) {
    super("ERR_TARGET_REFUSED", `${what}: the account is gone from the licence system`, {
      hint: "the next cycle makes a new one where one is due",
    });
  }
}

/** An account that the copy did not know stands in the way of a new one. */
export class AccountExists extends AgentError {
  readonly account: SeenAccount;

  /** `refused`: what to say where it is somebody else's; null: it is nobody's. */
  constructor(account: SeenAccount, refused: AgentError | null) {
    super("ERR_TARGET_REFUSED", refused?.message ?? `an account ${account.remoteId} of this name is there already`, {
      hint: refused?.hint ?? "the next cycle takes it over",
    });
    this.account = account;
  }
}

/** An account that is to be purged holds a licence, which somebody else gave it. */
export class AccountLicensed extends AgentError {
  readonly account: SeenAccount;

  constructor(what: string, account: SeenAccount) {
    super("ERR_TARGET_REFUSED", `${what}: it holds ${account.tiers[0]}, which somebody gave it in the licence system`, {
      hint: "the next cycle says what follows from it",
    });
    this.account = account;
  }
}
