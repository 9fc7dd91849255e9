/** How {@link each} works. */
export interface EachOptions {
  /** How many at the same time. */
  readonly concurrency: number;
  /** Once aborted, none is begun any more. */
  readonly stop: AbortSignal;
}

/**
 * Works on items, begun in their order. After the first failure none is begun any more.
 * @throws what the first failing one threw, when all that was under way has ended
 */
export async function each<T>(
  items: readonly T[],
  { concurrency, stop }: EachOptions,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  const rest = items.values();
  const worker = async () => {
    // One iterator for all workers.
    for (const item of rest) {
      if (stop.aborted || failures.length > 0) return;
      try {
        await work(item);
      } catch (error) {
        failures.push(error);
      }
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  if (failures.length > 0) throw failures[0];
}
