/** Requests under way at once where a service takes no bulk. */
const WIDTH = 4;

/** Runs `work` on all items, a few at once. After a failure nothing new begins; when what is under way has ended, the first failure is thrown. */
export async function sideBySide<T>(
  items: readonly T[],
  work: (item: T) => Promise<void>,
  width: number = WIDTH,
): Promise<void> {
  const queue = items.values();
  const failures: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (failures.length > 0) return;
      await work(item).catch((error: unknown) => {
        failures.push(error);
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
}
