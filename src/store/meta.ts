/** Single values that the agent remembers. */
import type { Database } from "./database.ts";

export interface Meta {
  read(key: string): string | null;
  write(key: string, value: string): void;
}

export function createMeta(database: Database): Meta {
  return {
    read: (key) => (database.get("SELECT value FROM meta WHERE key=?", key)?.["value"] as string | undefined) ?? null,
    write: (key, value) =>
      void database.run(
        "INSERT INTO meta VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value=excluded.value",
        key,
        value,
      ),
  };
}
