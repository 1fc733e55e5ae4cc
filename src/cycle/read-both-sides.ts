/** Step 1: what the directory says now, and what the licence system has. */
import { AgentError } from "../errors.ts";
import { formatFinding } from "../model/finding.ts";
import { errorAt } from "../rules/findings.ts";
import { directoryNeeds, placesOf } from "../rules/needs.ts";
import type { CycleParts, CycleRequest } from "./settings.ts";

/** The condition of a clock that is not trusted, as `Outbox.ongoing` knows it. */
export const CLOCK_OFF = "clock.off";
/** A computer's clock further off than this is not trusted with purges. */
const TOLERATED_SKEW = 5 * 60 * 1000;

export interface BothSides {
  /** full: everything was read; changes: by delta. */
  readonly kind: "full" | "changes";
  /** No cycle of this tenant has ended well yet. */
  readonly initial: boolean;
  /** Graph's time, epoch ms. */
  readonly now: number;
  /** False: this computer's clock is off. */
  readonly purgesAllowed: boolean;
}

/** All or nothing: throws when anything of it could not be read, and the mirror is as it was. */
export async function readBothSides(parts: CycleParts, request: CycleRequest): Promise<BothSides> {
  const { settings, store, source, target, clock, log } = parts;
  const initial = store.journal.initial();
  parts.progress({ tenant: settings.name, step: "read", done: 0, of: null });
  const needs = directoryNeeds(parts.rules, settings.name);
  const { kind, serverTime } = await source
    .read(store.people.mirror(needs.properties, needs.deciding), {
      scope: { parentGroup: settings.parentGroup, others: needs.others, properties: needs.properties },
      full: request.full || !isMirrored(store.people.mirroredProperties(), needs.properties),
      signal: request.signal,
      ...(request.deadline === undefined ? {} : { deadline: request.deadline }),
      progress: (done) => parts.progress({ tenant: settings.name, step: "read", done, of: null }),
    })
    .catch((error: unknown) => {
      throw placed(error, parts);
    });
  if (serverTime !== null) parts.sawTime(serverTime);
  const now = serverTime ?? clock.now();
  const purgesAllowed = Math.abs(now - clock.now()) <= TOLERATED_SKEW;
  store.outbox.ongoing(CLOCK_OFF, !purgesAllowed, clock.now());
  if (!purgesAllowed) {
    log.warn("this computer's clock is {seconds} s off: purges are suspended", {
      seconds: Math.round((clock.now() - now) / 1000),
    });
  }
  // People whose last actions were sent and never answered are looked up at the target.
  const unsettled = store.journal.unsettled();
  await target.refresh(unsettled, request.signal, request.full, now);
  store.journal.forgetIntents(unsettled);
  return { kind, initial, now, purgesAllowed };
}

/** The directory knows no files: where rules name the group that is amiss is said here. */
function placed(error: unknown, { rules, settings }: CycleParts): unknown {
  if (!(error instanceof AgentError) || typeof error.facts["group"] !== "string") return error;
  const { code, message, hint, retryable, facts } = error;
  const named = [facts["groupId"], facts["group"]].filter((name) => typeof name === "string");
  const places = named.flatMap((name) => placesOf(rules, settings.name, name));
  if (places.length === 0) return error;
  const told = places.map((at) => formatFinding(errorAt(at, message))).join("; ");
  return new AgentError(code, told, { hint, retryable, facts, cause: error });
}

/** Not read yet is never null: a property that a rule newly asks for leads to a full read first. */
function isMirrored(mirrored: readonly string[] | null, needed: readonly string[]): boolean {
  if (mirrored === null) return false;
  return needed.every((property) => property === "id" || mirrored.includes(property));
}
