/** What an admin should know of a tenant besides its last cycle: `/status` shows it as `warnings`. */
import type { Agent } from "./agent.ts";
import { CLOCK_OFF } from "./cycle/read-both-sides.ts";
import type { TenantStatus } from "./model/views.ts";

/** Sentences that begin with the tenant's name and say what to do. */
export function warningsOf(agent: Agent, { name, credential, holds }: TenantStatus): readonly string[] {
  const warnings: string[] = [];
  const warn = (text: string) => void warnings.push(`${name}: ${text}`);
  if (credential === null) warn("the credential cannot be read: `tiersync check` says why");
  const { outbox } = agent.store(name);
  const { refused, failed, error } = outbox.counts();
  const why = error === null ? "" : `: ${error}`;
  if (refused > 0) warn(`${messages(refused)} could not be delivered yet and ${are(refused)} tried again${why}`);
  if (failed > 0) warn(`${messages(failed)} could not be delivered and ${are(failed)} given up${why}`);
  const clockOff = outbox.ongoingSince(CLOCK_OFF);
  if (clockOff !== null) {
    const since = new Date(clockOff).toISOString();
    warn(`this computer's clock is more than 5 minutes off since ${since}: purges are suspended; set the clock (NTP)`);
  }
  // Trusted again after one cycle; what that one held is still to be looked at.
  if (agent.suspicious(name) || (agent.identity !== "same" && holds.length > 0)) {
    const what = agent.identity === "foreign" ? "comes from another machine" : "is older than the last one seen here";
    warn(`the database ${what}: what would change or take something is held for you to look at`);
  }
  return warnings;
}

function messages(count: number): string {
  return count === 1 ? "1 message" : `${count} messages`;
}

function are(count: number): string {
  return count === 1 ? "is" : "are";
}
