/** Work side by side, a few at a time. */

/**
 * Runs `work` on all items, `width` at once. After the first failure nothing new begins, `onFailure` is told (to cut what is under way),
 * and once everything has come to rest the failure is thrown.
 */
export async function inParallel<T>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<void>,
  onFailure: (error: unknown) => void,
): Promise<void> {
  const queue = items.values();
  let failure: { readonly error: unknown } | null = null;
  const worker = async (): Promise<void> => {
    for (const item of queue) {
      if (failure !== null) return;
      try {
        await work(item);
      } catch (error) {
        if (failure !== null) return;
        failure = { error };
        onFailure(error);
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  const ended = failure as { readonly error: unknown } | null;
  if (ended !== null) throw ended.error;
}
