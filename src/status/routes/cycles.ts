import { AgentError } from "../../errors.ts";
import type { Console } from "../console.ts";
import type { StatusApp } from "../env.ts";
import { cycleQuery, noQuery, readBody, readQuery, syncBody } from "../input.ts";
import { listResponse } from "../list.ts";

export function cycleRoutes(app: StatusApp, agent: Console): void {
  app.get("/cycles", (c) => listResponse(c, agent.cycles(readQuery(c, cycleQuery))));

  app.get("/cycles/:id", (c) => {
    readQuery(c, noQuery);
    return c.json(agent.cycle(c.req.param("id")));
  });

  app.post("/sync", async (c) => {
    const cycles = await agent.sync(await readBody(c, syncBody));
    const first = cycles[0];
    if (first === undefined) throw new AgentError("ERR_NOT_FOUND", "no tenant is configured");
    c.header("Location", `/cycles/${encodeURIComponent(first.id)}`);
    return c.json({ id: first.id, cycles: cycles.map(({ id, tenant }) => ({ id, tenant })) }, 202);
  });
}
