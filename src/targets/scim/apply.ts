/** Carries out a batch: phase by phase, a few people side by side or many in one request, each result recorded as it is known. */
import type { ApplyItem, ApplyResult } from "../../cycle/ports.ts";
import { AgentError } from "../../errors.ts";
import { addressKey } from "../../model/directory.ts";
import { AccountExists, AccountGone } from "./account-errors.ts";
import { bulkSlices, sendBulk } from "./bulk.ts";
import { type CarryOut, createCarryOut } from "./carry-out.ts";
import type { Connection } from "./connection.ts";
import { isFailure, stopReason } from "./errors.ts";
import type { ScimRequest } from "./http.ts";
import type { Service } from "./service.ts";
import { sideBySide } from "./side-by-side.ts";
import { type Job, moves, type Phase, phasesOf, type Step } from "./steps.ts";
import { stillAnswers } from "./still-answers.ts";
import type { TierGroups } from "./tier-groups.ts";

type Settle = (results: readonly ApplyResult[]) => void;

export async function applyBatch(
  connection: Connection,
  groups: TierGroups | null,
  batch: readonly ApplyItem[],
  settle: Settle,
  signal: AbortSignal,
): Promise<void> {
  const { options } = connection;
  const addressOf = ({ accountKey }: ApplyItem): string | null => {
    const account = accountKey === null ? null : options.accounts.byKey(accountKey);
    // Nobody waits for the address of an account that was nobody's.
    return account === null || account.boundTo === null ? null : account.address;
  };
  const phases = phasesOf(batch, options.tierAs, addressOf);
  if (phases.every(({ jobs }) => jobs.every((job) => job.every(({ kind }) => kind === "nothing")))) {
    settle(batch.map((item) => ({ item, ok: true })));
    return;
  }
  const service = await connection.service(signal);
  const run = new BatchRun(connection, service, createCarryOut(connection, service, groups, signal), settle, signal);
  for (const item of batch) {
    const address = addressOf(item);
    if (address !== null && moves(item, address)) run.leaving.set(addressKey(address), item.action.person);
  }
  for (const phase of phases) await run.phase(phase);
  await run.finish();
}

class BatchRun {
  /** Who is still to leave which address, by its key. */
  readonly leaving = new Map<string, number>();
  readonly #connection: Connection;
  readonly #service: Service;
  readonly #carryOut: CarryOut;
  readonly #settle: Settle;
  readonly #signal: AbortSignal;
  readonly #refused = new Set<number>();
  /** People at whose request the service failed: it may have done it all the same. */
  readonly #unsure = new Set<number>();
  readonly #settled = new Set<ApplyItem>();
  readonly #brokenRings = new Set<number>();
  /** Moves that wait for the address of somebody who waits for theirs. */
  readonly #parked: Step[] = [];

  constructor(connection: Connection, service: Service, carryOut: CarryOut, settle: Settle, signal: AbortSignal) {
    this.#connection = connection;
    this.#service = service;
    this.#carryOut = carryOut;
    this.#settle = settle;
    this.#signal = signal;
  }

  async phase({ jobs, ring }: Phase): Promise<void> {
    if (ring !== null && this.#brokenRings.has(ring)) return;
    const denied: { readonly item: ApplyItem; readonly error: AgentError }[] = [];
    const rest = await this.#inBulk(jobs);
    await sideBySide(rest, async (job) => {
      for (const step of job) {
        if (this.#signal.aborted) throw stopReason(this.#signal);
        if (step.items.some(({ action }) => this.#refused.has(action.person))) return;
        await this.#step(step, denied);
      }
    });
    await this.#ruleOn(denied);
    if (ring !== null && jobs.some((job) => job.some((step) => this.#isRefused(step)))) this.#brokenRings.add(ring);
  }

  /** The moves that were put aside, now that the others have left. */
  async finish(): Promise<void> {
    this.leaving.clear();
    const denied: { readonly item: ApplyItem; readonly error: AgentError }[] = [];
    for (const step of this.#parked) await this.#step(step, denied);
    await this.#ruleOn(denied);
    for (const step of this.#parked) {
      // Refused once more, it is only by the next cycle that it can leave the address it was put aside to.
      if (this.#isRefused(step))
        await this.#carryOut.unpark(step).catch((error: unknown) => this.#personal(error, step));
    }
  }

  async #ruleOn(denied: readonly { readonly item: ApplyItem; readonly error: AgentError }[]): Promise<void> {
    const [first] = denied;
    if (first !== undefined && !(await this.#mayWrite(denied.length))) throw first.error;
    for (const { item, error } of denied) this.#refuse(item, error);
  }

  /** People who exchange addresses stand in each other's way: whoever is first is put aside until the other has left. */
  async #park(step: Step, { facts }: AgentError): Promise<boolean> {
    const [item] = step.items;
    const wanted = item?.action.kind === "update" ? item.action.address : null;
    if (facts["statusCode"] !== 409 || wanted === null || item === undefined) return false;
    const owner = this.leaving.get(addressKey(wanted));
    if (owner === undefined || owner === item.action.person || this.#refused.has(owner)) return false;
    try {
      await this.#carryOut.park(step);
    } catch (error) {
      await this.#personal(error, step);
      return false;
    }
    this.#parked.push(step);
    return true;
  }

  async #step(step: Step, denied: { item: ApplyItem; error: AgentError }[]): Promise<void> {
    try {
      await this.#carryOut.run(step, (items) => this.#done(items));
    } catch (thrown) {
      const error = await this.#personal(thrown, step);
      const items = step.items.filter((item) => !this.#settled.has(item));
      const [first] = items;
      if (first === undefined || (await this.#park(step, error))) return;
      if (error.facts["statusCode"] === 403) {
        this.#refused.add(first.action.person);
        denied.push({ item: first, error });
      } else if (items.length === 1 || error instanceof AccountGone || error instanceof AccountExists) {
        this.#refuse(first, error);
      } else {
        // One by one, so that what can be done is done and the refusal names what cannot.
        for (const item of items) {
          if (!this.#refused.has(item.action.person)) await this.#step({ ...step, items: [item] }, denied);
        }
      }
    }
  }

  /** Forbidden is one account's matter only where the credential may write at all. */
  async #mayWrite(denied: number): Promise<boolean> {
    const { learnt, options } = this.#connection;
    if (learnt.wrote) return true;
    // Whoever is alone in being denied says nothing about a credential that wrote in earlier cycles and still reads.
    if (denied > 1 || options.remote.missing(new Set()).length === 0) return false;
    return stillAnswers(this.#connection, this.#service, this.#signal);
  }

  /** The error if it concerns one person only; throws it otherwise. */
  async #personal(thrown: unknown, step: Step): Promise<AgentError> {
    if (!(thrown instanceof AgentError)) throw thrown;
    if (thrown.code === "ERR_TARGET_REFUSED" || thrown.facts["statusCode"] === 403) return thrown;
    if (!isFailure(thrown)) throw thrown;
    // A service that fails at one account and answers otherwise must not stop everybody for ever.
    if (!(await stillAnswers(this.#connection, this.#service, this.#signal))) throw thrown;
    this.#doubt(step);
    return new AgentError("ERR_TARGET_REFUSED", thrown.message, { facts: thrown.facts });
  }

  /** Sends what one request each can do; gives back what is left. */
  async #inBulk(jobs: readonly Job[]): Promise<readonly Job[]> {
    const { bulk } = this.#service;
    const { learnt } = this.#connection;
    if (bulk === null || bulk.operations < 2 || jobs.length < 2 || !learnt.bulk) return jobs;
    const left: Job[] = [];
    const simple: { readonly job: Job; readonly step: Step; readonly request: ScimRequest }[] = [];
    for (const job of jobs) {
      const [step] = job;
      const request = step === undefined ? null : this.#shortcut(step);
      if (step === undefined || request === null) left.push(job);
      else simple.push({ job, step, request });
    }
    for (const slice of bulkSlices(simple, ({ request }) => request, bulk)) {
      const requests = slice.map(({ request }) => request);
      const answers = learnt.bulk && slice.length > 1 ? await sendBulk(this.#connection, requests, this.#signal) : [];
      for (const [index, { job, step }] of slice.entries()) {
        const answer = answers[index] ?? null;
        if (answers[index] === null || (answer !== null && answer.status >= 500)) this.#doubt(step);
        // Whatever did not succeed is asked for alone: that tells a refusal from what the service had no time for.
        const done = answer !== null && answer.status < 300 && (await this.#took(step, answer));
        const items = step.items.filter((item) => !this.#settled.has(item));
        const rest = done || items.length === 0 ? job.slice(1) : [{ ...step, items }, ...job.slice(1)];
        if (rest.length > 0) left.push(rest);
      }
    }
    return left;
  }

  #shortcut(step: Step): ScimRequest | null {
    try {
      return this.#carryOut.shortcut(step);
    } catch (error) {
      // The same refusal comes when it is its turn.
      if (error instanceof AgentError) return null;
      throw error;
    }
  }

  async #took(step: Step, answer: Parameters<CarryOut["took"]>[1]): Promise<boolean> {
    try {
      await this.#carryOut.took(step, answer, (items) => this.#done(items));
      return true;
    } catch (thrown) {
      const error = await this.#personal(thrown, step);
      if (error.code === "ERR_TARGET_REFUSED") return false;
      throw error;
    }
  }

  #done(items: readonly ApplyItem[]): void {
    this.#settle(items.map((item) => ({ item, ok: true })));
    for (const item of items) this.#settled.add(item);
  }

  #refuse(item: ApplyItem, error: AgentError): void {
    const { person } = item.action;
    this.#refused.add(person);
    const unsure = this.#unsure.has(person);
    this.#settle([{ item, ok: false, code: "ERR_TARGET_REFUSED", message: error.message, unsure }]);
  }

  #doubt({ items }: Step): void {
    for (const { action } of items) this.#unsure.add(action.person);
  }

  #isRefused({ items }: Step): boolean {
    return items.some(({ action }) => this.#refused.has(action.person));
  }
}
