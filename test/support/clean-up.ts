/**
 * What a test starts ends with it. Preloaded (bunfig.toml), so that it holds in every test file: a hook of a module that several of them
 * import would hold in the first one only.
 */
import { afterEach } from "bun:test";

const endings: (() => unknown)[] = [];

/** Called when the running test is over, whatever came of it; what was started last ends first. */
export function atEnd(ending: () => unknown): void {
  endings.push(ending);
}

afterEach(async () => {
  const failures: unknown[] = [];
  for (let ending = endings.pop(); ending !== undefined; ending = endings.pop()) {
    try {
      await ending();
    } catch (error) {
      failures.push(error);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, "what the test started did not end as it should");
});
