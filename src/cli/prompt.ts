/** Questions at a terminal. clack waits for ever where there is none, so `io.prompter` is null there. */
import { confirm, isCancel, password, select, text } from "@clack/prompts";
import { AgentError } from "../errors.ts";

/** Gives what is wrong with an answer; undefined: nothing. */
export type Validate = (answer: string) => string | undefined;

/** Each throws `AgentError` `ERR_STOPPED` when the person cancels. */
export interface Prompter {
  text(message: string, options?: { readonly placeholder?: string; readonly validate?: Validate }): Promise<string>;
  /** Not shown while it is typed. */
  secret(message: string): Promise<string>;
  confirm(message: string): Promise<boolean>;
  select(message: string, choices: readonly { readonly value: string; readonly label: string }[]): Promise<string>;
}

export const terminalPrompter: Prompter = {
  async text(message, { placeholder, validate } = {}) {
    const check = (answer: string | undefined): string | undefined => validate?.(answer ?? "");
    return answered(await text({ message, validate: check, ...(placeholder === undefined ? {} : { placeholder }) }));
  },
  async secret(message) {
    return answered(await password({ message }));
  },
  async confirm(message) {
    return answered(await confirm({ message, initialValue: false }));
  },
  async select(message, choices) {
    return answered(await select({ message, options: choices.map(({ value, label }) => ({ value, label })) }));
  },
};

function answered<T>(answer: T): Exclude<T, symbol> {
  if (isCancel(answer)) throw new AgentError("ERR_STOPPED", "cancelled", { hint: "nothing was changed" });
  return answer as Exclude<T, symbol>;
}
