/** Work side by side, a few at a time. */

/**
 * Runs `work` on all items, `width` at once. After the first failure nothing new begins, what is under way is told to end by the signal, and
 * once everything has come to rest the failure is thrown.
 */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T, signal: AbortSignal) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  const controller = new AbortController();
  let failure: { readonly error: unknown } | null = null;
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (failure !== null) return;
      try {
        await work(item, controller.signal);
      } catch (error) {
        if (failure !== null) return;
        failure = { error };
        controller.abort(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  const ended = failure as { readonly error: unknown } | null;
  if (ended !== null) throw ended.error;
}
