/** Outlook's limit of concurrent requests of one app to one mailbox. */

const CONCURRENT = 4;
const MAILBOX = /\/users\/([^/]+)\/mailboxSettings(\/|$)/;

export class MailboxGate {
  readonly #inside = new Map<string, number>();

  /** Null: too many are at that mailbox already; else call it when the request is answered. */
  enter(caller: string, pathname: string): (() => void) | null {
    const mailbox = MAILBOX.exec(pathname)?.[1];
    if (mailbox === undefined) return () => {};
    const key = `${caller} ${mailbox.toLowerCase()}`;
    const inside = this.#inside.get(key) ?? 0;
    if (inside >= CONCURRENT) return null;
    this.#inside.set(key, inside + 1);
    return () => {
      const left = (this.#inside.get(key) ?? 1) - 1;
      if (left > 0) this.#inside.set(key, left);
      else this.#inside.delete(key);
    };
  }
}
