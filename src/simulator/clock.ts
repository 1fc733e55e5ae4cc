/** The simulated tenant's clock: runs with the clock it is given, and can be moved or stopped by a test. */
export class SimulatedClock {
  readonly #source: () => number;
  #offset = 0;
  #frozen: number | null = null;

  /** `source`: epoch milliseconds; the computer's clock when absent. */
  constructor(source: () => number = Date.now) {
    this.#source = source;
  }

  /** Epoch milliseconds. */
  now(): number {
    return this.#frozen ?? this.#source() + this.#offset;
  }

  /** Jumps to a time; goes on running from there unless it is frozen. */
  set(at: number): void {
    if (this.#frozen === null) this.#offset = at - this.#source();
    else this.#frozen = at;
  }

  advance(milliseconds: number): void {
    this.set(this.now() + milliseconds);
  }

  /** Stops the clock; it moves only by `set` and `advance` afterwards. */
  freeze(at: number = this.now()): void {
    this.#frozen = at;
  }
}
