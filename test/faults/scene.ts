/** The cycle that meets the fault: in a tenant of five with Pro, one loses it, one leaves, one moves and one comes. */
import { expect } from "bun:test";
import { readBooks, readRows } from "../support/books.ts";
import { type BenchOptions, type CycleBench, type Ended, openBench } from "../support/cycle-bench.ts";
import { addPerson } from "../support/entra.ts";

export type Books = ReturnType<typeof readBooks>;

export async function aboutToChange(options: BenchOptions = {}): Promise<CycleBench> {
  const bench = openBench(options);
  const { tenant, groups } = bench.entra;
  const [ana = "", ben = "", eve = ""] = Array.from({ length: 5 }, (_, i) =>
    addPerson(bench.entra, `Person ${i}`, groups.Pro),
  );
  expect(await bench.cycle()).toMatchObject({ exit: 0 });
  for (const person of [ana, ben, eve]) tenant.removeMember(groups.Pro, person);
  tenant.addMember(groups.No_Licence, ana);
  tenant.addMember(groups.Eco, eve);
  addPerson(bench.entra, "Newcomer", groups.Advanced);
  return bench;
}

/** What an undisturbed cycle makes of it. */
export async function undisturbed(): Promise<Books> {
  const bench = await aboutToChange();
  expect(await bench.cycle()).toMatchObject({ exit: 0, record: { actions: { create: 1, revoke: 1, purge: 1 } } });
  return bench.look(readBooks);
}

/** `exit 1 ERR_GRAPH_REFUSED, nothing done`; `ended` null: it was killed. */
export function outcomeOf(bench: CycleBench, ended: Ended | null, before: unknown, whole: Books): string {
  const rows = JSON.stringify(bench.look(readRows));
  const done = rows === JSON.stringify(before) ? "nothing done" : doneOf(bench, whole);
  if (ended === null) return `killed, ${done}`;
  return `exit ${ended.exit}${ended.error === null ? "" : ` ${ended.error.code}`}, ${done}`;
}

function doneOf(bench: CycleBench, whole: Books): string {
  const books = bench.look(readBooks);
  const open = Object.keys(whole).filter((id) => !Bun.deepEquals(books[id], whole[id]));
  if (open.length === 0) return "all done";
  const states = open.map((id) => books[id]?.state ?? "unknown");
  return `done but for ${open.length} (${states.join(", ")})`;
}

/** The agent is killed while this request is on its way (`after`: so many of them pass first). */
export async function killedAt(
  bench: CycleBench,
  match: string | RegExp,
  { after = 0, full }: { readonly after?: number | undefined; readonly full: boolean },
): Promise<void> {
  const { promise: killed, reject: kill } = Promise.withResolvers<never>();
  const gone = new AbortController();
  let seen = 0;
  const fetch: typeof bench.entra.fetch = async (input, init) => {
    const { pathname, search } = new URL(input);
    const text = `${init?.method ?? "GET"} ${decodeURIComponent(pathname + search)}`;
    if (!(typeof match === "string" ? text.includes(match) : match.test(text)) || seen++ < after) {
      return await bench.entra.fetch(input, init);
    }
    kill(new Error("killed"));
    return await new Promise<never>(() => {});
  };
  const { record } = await bench.cycle({ full, fetch, killed, signal: gone.signal });
  gone.abort();
  expect(record).toBeNull();
}

/** The next undisturbed cycle leads to what it would have led to without the fault. */
export async function nextHeals(bench: CycleBench, whole: Books): Promise<string> {
  const { exit, error } = await bench.cycle();
  if (exit !== 0) return `exit ${exit} ${error?.code}`;
  return doneOf(bench, whole) === "all done" ? "heals" : doneOf(bench, whole);
}
