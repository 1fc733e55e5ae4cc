/** `digest: daily`: the e-mails of a day as one. Web hooks are for machines and stay one per event. */
import { Cron } from "croner";

/** Early enough to be there when work begins. */
const AT = "0 6 * * *";

/** Whether the events gathered since `oldest` are to be sent at `now` (epoch ms). `timezone`: IANA; null: the computer's own. */
export function digestDue(oldest: number, now: number, timezone: string | null): boolean {
  const next = new Cron(AT, { paused: true, ...(timezone === null ? {} : { timezone }) }).nextRun(new Date(oldest));
  return next !== null && next.getTime() <= now;
}
