/** Processes of the benchmark: each measured thing runs in one of its own and reports one JSON value on standard output. */
import { join } from "node:path";

const MARK = "bench result: ";

/** From inside a child: hands a value to the parent. */
export function report(value: unknown): void {
  process.stdout.write(`${MARK}${JSON.stringify(value)}\n`);
}

export interface Outcome<T> {
  readonly value: T;
  /** Most memory the process ever had in RAM, as the operating system says; bytes. */
  readonly peak: number;
}

/** Runs `bench/<script>` to its end. Throws with its standard error when it fails. */
export async function runChild<T>(script: string, ...args: string[]): Promise<Outcome<T>> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, script), ...args], {
    stdout: "pipe",
    stderr: "pipe",
    stdin: "ignore",
  });
  const [output, errors, code] = await Promise.all([
    new Response(child.stdout).text(),
    new Response(child.stderr).text(),
    child.exited,
  ]);
  if (code !== 0) throw new Error(`bench/${script} ended with ${code}:\n${errors}${output}`);
  return { value: resultIn<T>(output, script), peak: child.resourceUsage()?.maxRSS ?? 0 };
}

export interface LivingChild<T> {
  readonly value: T;
  stop(): Promise<void>;
}

/** Starts `bench/<script>` and waits for its first report; it lives until `stop`. */
export async function startChild<T>(script: string, ...args: string[]): Promise<LivingChild<T>> {
  const child = Bun.spawn([process.execPath, join(import.meta.dir, script), ...args], {
    stdout: "pipe",
    stderr: "inherit",
    stdin: "pipe",
  });
  let output = "";
  const decoder = new TextDecoder();
  for await (const bytes of child.stdout) {
    output += decoder.decode(bytes, { stream: true });
    if (output.includes(MARK) && output.endsWith("\n")) break;
  }
  return {
    value: resultIn<T>(output, script),
    stop: async () => {
      await child.stdin.end();
      await child.exited;
    },
  };
}

function resultIn<T>(output: string, script: string): T {
  const line = output.split("\n").find((text) => text.startsWith(MARK));
  if (line === undefined) throw new Error(`bench/${script} reported nothing:\n${output}`);
  return JSON.parse(line.slice(MARK.length)) as T;
}
