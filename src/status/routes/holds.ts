import type { Console } from "../console.ts";
import type { StatusApp } from "../env.ts";
import { approveBody, emptyBody, noQuery, readBody, readQuery } from "../input.ts";
import { listResponse } from "../list.ts";

export function holdRoutes(app: StatusApp, agent: Console): void {
  app.get("/holds", (c) => {
    readQuery(c, noQuery);
    return listResponse(c, { items: agent.holds(), next: null });
  });

  app.post("/holds/:id/approve", async (c) => {
    const { only } = await readBody(c, approveBody);
    return c.json(agent.approve(c.req.param("id"), only));
  });

  app.post("/holds/:id/reject", async (c) => {
    await readBody(c, emptyBody);
    return c.json(agent.reject(c.req.param("id")));
  });
}
