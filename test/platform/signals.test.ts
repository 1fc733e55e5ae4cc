import { expect, test } from "bun:test";
import { join } from "node:path";

const module = join(import.meta.dir, "../../src/platform/signals.ts");
const script = `
  import { stopSignals } from ${JSON.stringify(module)};
  const { signal } = stopSignals((name) => console.log("first " + name));
  signal.addEventListener("abort", () => console.log("aborted"));
  setInterval(() => {}, 1000);
  console.log("ready");
`;

test.if(process.platform !== "win32")(
  "the first signal asks to stop, the second ends the process at once",
  async () => {
    const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe" });
    let output = "";
    for await (const chunk of child.stdout.pipeThrough(new TextDecoderStream())) {
      output += chunk;
      if (chunk.includes("ready")) child.kill("SIGTERM");
      if (chunk.includes("first")) child.kill("SIGINT");
    }
    expect(await child.exited).toBe(130);
    expect(output).toBe("ready\naborted\nfirst SIGTERM\n");
  },
);
