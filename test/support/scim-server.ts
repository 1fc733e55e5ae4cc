/**
 * A licence system made of scimmy and its express routers, on a loopback port. scimmy declares its resources for the whole process, so
 * there is one server, emptied for each test.
 */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import express from "express";
import SCIMMY from "scimmy";
import SCIMMYRouters from "scimmy-routers";
import { plainFetch, type RecordedRequest, type RecordingFetch } from "./recording-fetch.ts";

type Resource = Record<string, unknown> & { id: string };

export interface ScimServer {
  readonly url: string;
  readonly users: Map<string, Resource>;
  readonly groups: Map<string, Resource>;
  addUser(user: Record<string, unknown>): string;
  addGroup(displayName: string, members?: readonly string[]): string;
  readonly log: readonly RecordedRequest[];
  readonly fetch: RecordingFetch["fetch"];
}

export const SCIM_TOKEN = "a token for the tests";

const users = new Map<string, Resource>();
const groups = new Map<string, Resource>();
let running: { readonly server: Server; readonly url: string } | null = null;

async function start(): Promise<string> {
  const meta = (endpoint: string, id: string) => ({ resourceType: endpoint, location: `/scim/${endpoint}s/${id}` });
  const declare = (type: "User" | "Group", kept: Map<string, Resource>) => {
    const resource = SCIMMY.Resources[type] as unknown as Handlers;
    resource.egress((request) => {
      if (request.id === undefined) {
        const all = [...kept.values()];
        return request.filter === undefined ? all : request.filter.match(all);
      }
      const found = kept.get(request.id);
      if (found === undefined) throw new Error("not found");
      return found;
    });
    resource.ingress((request, data) => {
      const id = request.id ?? crypto.randomUUID();
      const plain = JSON.parse(JSON.stringify(data)) as Record<string, unknown>;
      const name = String(plain["userName"] ?? "").toLowerCase();
      const taken = [...kept.values()].some((one) => one.id !== id && String(one["userName"]).toLowerCase() === name);
      if (type === "User" && taken) throw new SCIMMY.Types.Error(409, "uniqueness", `the user name ${name} is taken`);
      const resource = { ...plain, id, meta: meta(type, id) };
      kept.set(id, resource);
      return resource;
    });
    resource.degress((request) => {
      if (!kept.delete(String(request.id))) throw new SCIMMY.Types.Error(404, null as never, "not found");
    });
    SCIMMY.Resources.declare(SCIMMY.Resources[type] as never);
  };
  declare("User", users);
  declare("Group", groups);
  const app = express();
  // scimmy takes paging parameters only as numbers, and its routers hand them on as they come: as text.
  app.set("query parser", (query: string) => {
    const numbered = ["startIndex", "count"];
    return Object.fromEntries(
      [...new URLSearchParams(query)].map(([key, value]) => [key, numbered.includes(key) ? Number(value) : value]),
    );
  });
  app.use(
    "/scim",
    new SCIMMYRouters({
      type: "bearer",
      handler: (request) => {
        if (request.header("authorization") !== `Bearer ${SCIM_TOKEN}`) throw new Error("no such token");
        return "agent";
      },
    }) as unknown as express.Router,
  );
  const server = createServer(app);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  server.unref();
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/scim`;
  running = { server, url };
  return url;
}

interface Handlers {
  egress(handler: (request: { id?: string; filter?: { match(all: Resource[]): Resource[] } }) => unknown): void;
  ingress(handler: (request: { id?: string }, data: unknown) => unknown): void;
  degress(handler: (request: { id?: string }) => void): void;
}

/** The server, empty. `bulk`: whether it says that it takes bulk requests. */
export async function scimServer(features: { readonly bulk?: boolean } = {}): Promise<ScimServer> {
  const url = running?.url ?? (await start());
  users.clear();
  groups.clear();
  SCIMMY.Config.set({
    patch: true,
    filter: { supported: true, maxResults: 5 },
    bulk: { supported: features.bulk === true, maxOperations: 3, maxPayloadSize: 100_000 },
  });
  const recording = plainFetch(url);
  const add = (kept: Map<string, Resource>, resource: Record<string, unknown>): string => {
    const id = crypto.randomUUID();
    kept.set(id, { ...resource, id, meta: { resourceType: "User" } });
    return id;
  };
  return {
    url,
    users,
    groups,
    addUser: (user) => add(users, { emails: [{ value: user["userName"], type: "work" }], ...user }),
    addGroup: (displayName, members = []) => add(groups, { displayName, members: members.map((value) => ({ value })) }),
    log: recording.log,
    fetch: recording.fetch,
  };
}
