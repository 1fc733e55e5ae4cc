/** Objects as JSON text with the selected properties; rendered once per selection and record. */
import { DEFAULT_PROPERTIES, type DirectoryObject, PROPERTIES } from "./directory-objects.ts";

export type Rendering = "plain" | "typed" | "delta";

export class Projection {
  readonly #select: readonly string[] | null;
  readonly #rendering: Rendering;
  readonly #cache = new WeakMap<DirectoryObject, string>();

  private constructor(select: readonly string[] | null, rendering: Rendering) {
    this.#select = select;
    this.#rendering = rendering;
  }

  /** The shared projection of a selection; null selects what Graph returns by default. `typed` adds `@odata.type`. */
  static of(select: readonly string[] | null, rendering: Rendering): Projection {
    const key = `${rendering} ${select?.join(",") ?? "*"}`;
    let projection = projections.get(key);
    if (!projection) {
      if (projections.size >= 64) projections.clear();
      projection = new Projection(select, rendering);
      projections.set(key, projection);
    }
    return projection;
  }

  render(object: DirectoryObject): string {
    let json = this.#cache.get(object);
    if (json === undefined) {
      json = JSON.stringify(this.fields(object));
      this.#cache.set(object, json);
    }
    return json;
  }

  /** As for an app that may not read this type: everything but type and id is null. */
  renderLimited(object: DirectoryObject): string {
    const fields = this.fields(object);
    for (const name of Object.keys(fields)) if (name !== "@odata.type" && name !== "id") fields[name] = null;
    return JSON.stringify({ ...fields, id: object.id });
  }

  /** In deltas the id is always there and what was never set is left out; `only` keeps just these properties. */
  fields(object: DirectoryObject, only: ReadonlySet<string> | null = null): Record<string, unknown> {
    const { kind, properties } = object;
    const fields: Record<string, unknown> = this.#rendering === "typed" ? { "@odata.type": typeName(kind) } : {};
    if (this.#rendering === "delta") fields["id"] = object.id;
    for (const name of this.#select ?? DEFAULT_PROPERTIES[kind]) {
      if (!PROPERTIES[kind].has(name) && !name.startsWith("extension_")) continue;
      if (this.#rendering === "delta" && (properties[name] === undefined || (only && !only.has(name)))) continue;
      fields[name] = properties[name] ?? defaultOf(name);
    }
    return fields;
  }
}

const projections = new Map<string, Projection>();

export function typeName(kind: DirectoryObject["kind"]): string {
  return `#microsoft.graph.${kind}`;
}

function defaultOf(name: string): unknown {
  return name === "businessPhones" ? [] : null;
}
