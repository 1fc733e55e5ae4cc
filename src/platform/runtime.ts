/** What this program runs on. The only file that asks for `Bun` or `Deno` by name to find out. */
import { dirname } from "node:path";
import process from "node:process";
import packageJson from "../../package.json" with { type: "json" };

/** Deno's API as far as this room uses it: `tsc` has no types for it. */
export interface DenoApi {
  readonly version: { readonly deno: string };
  serve(
    options: {
      readonly hostname: string;
      readonly port: number;
      onListen(): void;
      onError(thrown: unknown): Response;
    },
    handler: (request: Request, info: { readonly remoteAddr: { readonly hostname: string } }) => Promise<Response>,
  ): { readonly addr: { readonly port: number }; shutdown(): Promise<void> };
  createHttpClient(options: {
    readonly caCerts?: readonly string[];
    readonly proxy?: { readonly url: string };
  }): Disposable;
}

/** Deno's API; undefined when this is Bun. */
export const deno: DenoApi | undefined = (globalThis as { Deno?: DenoApi }).Deno;

/** As package.json says. */
export const VERSION: string = packageJson.version;

export interface Runtime {
  readonly name: "bun" | "deno";
  readonly version: string;
  /** `linux-x64`, `win32-x64`, … */
  readonly platform: string;
  /** Whether this is the single executable rather than the source run by Bun or Deno. */
  readonly compiled: boolean;
  /** Folder of the executable; null when not compiled. (`import.meta.dirname` is virtual in an executable.) */
  readonly executableFolder: string | null;
  /** Arguments after the program's name. */
  readonly argv: readonly string[];
}

export function currentRuntime(): Runtime {
  const compiled = isCompiled(import.meta.url);
  return {
    name: deno === undefined ? "bun" : "deno",
    version: deno === undefined ? (process.versions["bun"] ?? process.version) : deno.version.deno,
    platform: `${process.platform}-${process.arch}`,
    compiled,
    executableFolder: compiled ? dirname(process.execPath) : null,
    argv: process.argv.slice(2),
  };
}

/** Bun puts an executable's modules under `/$bunfs/root` (Linux) or `B:\~BUN\root` (Windows). */
export function isCompiled(moduleUrl: string): boolean {
  return /\/\$bunfs\/|[/\\](~|%7E)BUN[/\\]/i.test(moduleUrl);
}
