/** A first cycle, everything included. Argument: an empty home. */
import { openAgent } from "../src/agent.ts";
import { report } from "./child.ts";
import { loadedHome, request } from "./cycle.ts";

const home = process.argv[2] ?? "";
const configuration = loadedHome(home);
const started = performance.now();
const agent = openAgent(configuration, { home, env: {}, logging: configuration.logging });
const record = await agent.cycle("contoso", request());
const ms = performance.now() - started;
agent.close();
report({ ms, record });
