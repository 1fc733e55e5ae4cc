import type { Platform } from "../../scripts/runtimes.ts";

/** The platform of this machine, one of those that there are executables for. */
export const HERE: Platform = process.arch === "arm64" ? "linux-arm64" : "linux-x64";
