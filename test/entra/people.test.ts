import { expect, test } from "bun:test";
import { findUser } from "../../src/entra/find-user.ts";
import { lookUp } from "../../src/entra/people.ts";
import { call, fakeGraph, json } from "../support/fake-graph.ts";

const ANA = { id: "u1", mail: "ana@contoso.example" };

test("people are looked up through every page, an empty one included", async () => {
  const { reader, sent } = fakeGraph(({ url, body }) => {
    if (url.includes("$skiptoken")) return json({ value: [ANA] });
    const [{ id }] = (JSON.parse(body) as { requests: [{ id: string }] }).requests;
    const next = "http://127.0.0.1:9/v1.0/users?$skiptoken=1";
    return json({ responses: [{ id, status: 200, body: { value: [], "@odata.nextLink": next } }] });
  });
  const found = await lookUp(reader, ["u1"], ["id", "mail"], call());
  expect([...found]).toEqual([["u1", { id: "u1", properties: ANA }]]);
  expect(sent).toHaveLength(2);
});

test("a user is found by mail behind an empty page", async () => {
  const { reader } = fakeGraph(({ url }) => {
    if (url.includes("$skiptoken")) return json({ value: [ANA] });
    if (url.includes("$filter")) return json({ value: [], "@odata.nextLink": `${url}&$skiptoken=1` });
    return json({ error: { code: "Request_ResourceNotFound", message: "" } }, 404);
  });
  expect(await findUser(reader, ANA.mail, ["id", "mail"], call())).toEqual({ id: "u1", properties: ANA });
});
