/** `export`: every person known, as CSV or JSON. Needs no configuration, and works while the agent runs. */
import { knownTenant } from "../config/tenant-choice.ts";
import type { PersonView } from "../model/views.ts";
import { defineCommand, type GlobalOptions } from "./command.ts";
import { csvHeader, csvLines } from "./csv.ts";
import { openHomeReader } from "./home-reader.ts";
import type { CommandIo } from "./io.ts";

/** People read and written at a time. */
const PAGE = 1000;

async function exportPeople(options: GlobalOptions, io: CommandIo): Promise<undefined> {
  const reader = await openHomeReader(options, io);
  try {
    const pages = reader === null ? [] : allPages(reader.views, chosenTenant(reader.views, options.tenant));
    if (options.json) writeJson(pages, io);
    else {
      io.out(csvHeader());
      for (const people of pages) io.out(csvLines(people));
    }
  } finally {
    reader?.close();
  }
}

/** Names that were ever synchronised count: tiersync.yaml may be broken or gone. */
export function chosenTenant(views: { tenants(): readonly string[] }, typed: string | undefined): string | undefined {
  return typed === undefined ? undefined : knownTenant(views.tenants(), typed, "in this home's database");
}

interface People {
  people(query: { tenant?: string; limit: number; after?: string }): {
    readonly items: readonly PersonView[];
    readonly next: string | null;
  };
}

function* allPages(views: People, tenant: string | undefined): Iterable<readonly PersonView[]> {
  let after: string | null = null;
  do {
    const page: ReturnType<People["people"]> = views.people({
      limit: PAGE,
      ...(tenant === undefined ? {} : { tenant }),
      ...(after === null ? {} : { after }),
    });
    if (page.items.length > 0) yield page.items;
    after = page.next;
  } while (after !== null);
}

/** One document, written page by page: a large tenant need not fit in memory. */
function writeJson(pages: Iterable<readonly PersonView[]>, io: Pick<CommandIo, "out">): void {
  let first = true;
  io.out('{"items":[');
  for (const people of pages) {
    const text = people.map((person) => JSON.stringify(person)).join(",\n");
    io.out(`${first ? "\n" : ",\n"}${text}`);
    first = false;
  }
  io.out(first ? "]}\n" : "\n]}\n");
}

export const exportCommand = defineCommand({
  name: "export",
  summary: "every person known, as CSV",
  details: "One line per person with state, reason, tier and groups. Works while the agent runs.",
  examples: ["export > people.csv", "export --tenant contoso --json"],
  run: (options, io) => exportPeople(options, io),
});
