/** The addresses of Graph v1.0 that are simulated. */
import { type Context, Hono } from "hono";
import { readDelta } from "./delta.ts";
import type { DeltaResource } from "./delta-query.ts";
import type { ObjectKind } from "./directory-objects.ts";
import type { Exchange } from "./exchange.ts";
import { GraphFailure } from "./graph-error.ts";
import { countMembers, getGroup, listGroups, listMembers } from "./groups.ts";
import { getMailboxSettings, getUser, listUsers } from "./users.ts";

type Bindings = { Bindings: { exchange: Exchange } };

const JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
const CASTS: Readonly<Record<string, ObjectKind>> = {
  "microsoft.graph.user": "user",
  "microsoft.graph.group": "group",
  "microsoft.graph.device": "device",
  "microsoft.graph.orgContact": "orgContact",
};

/** Routes whose failures are thrown as `GraphFailure`. */
export function createRoutes(): Hono<Bindings> {
  const routes = new Hono<Bindings>().basePath("/v1.0");
  const text = (context: Context<Bindings>, body: string) => context.body(body, 200, { "Content-Type": JSON_TYPE });
  for (const resource of ["groups", "users", "directoryObjects"] as const satisfies readonly DeltaResource[]) {
    for (const segment of ["delta", "delta()", "microsoft.graph.delta()"]) {
      routes.get(`/${resource}/${segment}`, (c) => text(c, readDelta(c.env.exchange, resource)));
    }
  }
  routes.get("/groups", (c) => text(c, listGroups(c.env.exchange)));
  routes.get("/groups/:id", (c) => text(c, getGroup(c.env.exchange, c.req.param("id"))));
  for (const [segment, transitive] of [
    ["members", false],
    ["transitiveMembers", true],
  ] as const) {
    routes.get(`/groups/:id/${segment}`, (c) =>
      text(c, listMembers(c.env.exchange, c.req.param("id"), transitive, null)),
    );
    routes.get(`/groups/:id/${segment}/$count`, (c) =>
      c.text(countMembers(c.env.exchange, c.req.param("id"), transitive)),
    );
    routes.get(`/groups/:id/${segment}/:cast`, (c) => {
      const cast = CASTS[c.req.param("cast")];
      if (!cast) throw noSegment(c.req.param("cast"));
      return text(c, listMembers(c.env.exchange, c.req.param("id"), transitive, cast));
    });
  }
  routes.get("/users", (c) => text(c, listUsers(c.env.exchange)));
  routes.get("/users/:id", (c) => text(c, getUser(c.env.exchange, c.req.param("id"))));
  routes.get("/users/:id/mailboxSettings", (c) => text(c, getMailboxSettings(c.env.exchange, c.req.param("id"), null)));
  routes.get("/users/:id/mailboxSettings/:property", (c) =>
    text(c, getMailboxSettings(c.env.exchange, c.req.param("id"), c.req.param("property"))),
  );
  routes.notFound((c) => {
    if (c.req.method !== "GET") throw wrongMethod();
    throw noSegment(c.req.path.split("/").at(-1) ?? "");
  });
  routes.onError((error) => {
    throw error;
  });
  return routes;
}

export function wrongMethod(): GraphFailure {
  return new GraphFailure(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.");
}

function noSegment(name: string): GraphFailure {
  return new GraphFailure(400, "BadRequest", `Resource not found for the segment '${name}'.`);
}
