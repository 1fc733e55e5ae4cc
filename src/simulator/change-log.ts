/** Every change of a simulated directory in order, so that a delta from any earlier point can be answered. */
import type { ObjectKind } from "./directory-objects.ts";

export type ObjectEvent = "created" | "updated" | "deleted" | "restored" | "purged";

export interface ObjectChange {
  readonly seq: number;
  readonly at: number;
  readonly about: "object";
  readonly kind: ObjectKind;
  readonly id: string;
  readonly event: ObjectEvent;
  /** For `updated`: which properties. */
  readonly properties: readonly string[];
}

export interface MemberChange {
  readonly seq: number;
  readonly at: number;
  readonly about: "member";
  readonly group: string;
  readonly member: string;
  readonly memberKind: ObjectKind;
  readonly event: "added" | "removed";
}

export type Change = ObjectChange | MemberChange;
export type NewChange = Omit<ObjectChange, "seq" | "at"> | Omit<MemberChange, "seq" | "at">;

export class ChangeLog {
  #changes: Change[] = [];
  /** Sequence number of the last change that was forgotten. */
  #forgotten = 0;

  append(change: NewChange, at: number): void {
    this.#changes.push({ ...change, seq: this.last + 1, at });
  }

  /** Sequence number of the newest change; 0: none yet. */
  get last(): number {
    return this.#forgotten + this.#changes.length;
  }

  /** Newest change that happened at or before `time`. */
  lastAt(time: number): number {
    let index = this.#changes.length;
    while (index > 0 && (this.#changes[index - 1]?.at ?? 0) > time) index -= 1;
    return this.#forgotten + index;
  }

  /** Changes after `from` up to and including `to`, oldest first. */
  between(from: number, to: number): readonly Change[] {
    return this.#changes.slice(Math.max(0, from - this.#forgotten), Math.max(0, to - this.#forgotten));
  }

  /** Whether everything after `seq` is still known. */
  reaches(seq: number): boolean {
    return seq >= this.#forgotten;
  }

  /** Drops the history; tokens from before can no longer be answered. */
  forget(): void {
    this.#forgotten = this.last;
    this.#changes = [];
  }
}
