/** Finds one user by any name an admin may type. */
import { AgentError } from "../errors.ts";
import type { DirectoryUser } from "../model/directory.ts";
import type { Call } from "./call.ts";
import { parseUser } from "./entries.ts";
import { expectOk } from "./graph-client.ts";
import { allItems } from "./people.ts";
import type { Reader } from "./reader.ts";
import { odataText } from "./scope.ts";

const OBJECT_ID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

/**
 * The user of this object id, user principal name or mail; null: there is none, or only a deleted one. Throws `ERR_AMBIGUOUS` when
 * several have the mail address.
 */
export async function findUser(
  reader: Reader,
  name: string,
  properties: readonly string[],
  call: Call,
): Promise<DirectoryUser | null> {
  const { client } = reader;
  const isId = OBJECT_ID.test(name);
  // Nothing else can be a user's name, and Graph answers it with errors of many kinds.
  if (!isId && !/^[^@]+@[^@]+$/.test(name)) return null;
  const select = `$select=${[...new Set(["id", ...properties])].join(",")}`;
  const answer = await client.get(`/users/${encodeURIComponent(name)}?${select}`, call);
  if (answer.status !== 404) return parseUser(expectOk(answer, call), properties, call.what);
  if (isId) return null;
  const filter = encodeURIComponent(`mail eq ${odataText(name)}`);
  const found = expectOk(await client.get(`/users?$filter=${filter}&${select}`, call), call);
  const items = await allItems(reader, found, call);
  const [user, second] = items.map((item) => parseUser(item, properties, call.what));
  if (second === undefined) return user ?? null;
  throw new AgentError("ERR_AMBIGUOUS", `several users have the mail address "${name}"`, {
    hint: "use the object id",
  });
}
