/** How {@link each} works. */
export interface EachOptions {
  /** How many at the same time. */
  readonly concurrency: number;
  /** Once aborted, none is begun any more. */
  readonly stop: AbortSignal;
}

/**
 * Works on items, begun in their order, and asked for as they are begun. After the first failure none is begun any more.
 * @throws what the first failing one threw, or `items`, when all that was under way has ended
 */
export async function each<T>(
  items: Iterable<T> | AsyncIterable<T>,
  { concurrency, stop }: EachOptions,
  work: (item: T) => Promise<void>,
): Promise<void> {
  const failures: unknown[] = [];
  // One iterator for all workers.
  const rest = Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]();
  const worker = async () => {
    try {
      while (!stop.aborted && failures.length === 0) {
        const next = await rest.next();
        if (next.done) return;
        await work(next.value);
      }
    } catch (error) {
      failures.push(error);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  await rest.return?.();
  if (failures.length > 0) throw failures[0];
}
