/** Counts what was seen, so that a test says when it looked at nothing of interest. */
export function tally(...kinds: readonly string[]) {
  const counts = new Map(kinds.map((kind) => [kind, 0]));
  return {
    add: (kind: string) => counts.set(kind, (counts.get(kind) ?? 0) + 1),
    tooFew: (least: number) => kinds.filter((kind) => (counts.get(kind) ?? 0) < least),
  };
}
