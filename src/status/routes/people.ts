import type { Console } from "../console.ts";
import type { StatusApp } from "../env.ts";
import { noQuery, pageQuery, readQuery, userQuery } from "../input.ts";
import { listResponse } from "../list.ts";

export function peopleRoutes(app: StatusApp, agent: Console): void {
  app.get("/users", (c) => listResponse(c, agent.users(readQuery(c, userQuery))));

  app.get("/users/:user", (c) => {
    readQuery(c, noQuery);
    return c.json(agent.user(c.req.param("user")));
  });

  app.get("/users/:user/events", (c) => listResponse(c, agent.events(c.req.param("user"), readQuery(c, pageQuery))));
}
