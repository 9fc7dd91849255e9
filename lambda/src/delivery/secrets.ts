import type { Clock, ParameterStore } from "#model/ports.ts";

/** How long a hook or token is kept in memory, so that a rotated one is noticed without a deployment. */
const KEEP_MS = 5 * 60_000;

/** Reads secrets when they are needed, and remembers them for a while. */
export interface Secrets {
  /** @throws what the parameter store throws */
  read(parameter: string): Promise<string>;
  /** Forgets one that did not work: the next read fetches it anew. */
  forget(parameter: string): void;
}

/** {@link Secrets} over a parameter store. Simultaneous reads of one parameter become one. */
export function cachedSecrets(parameters: ParameterStore, clock: Clock): Secrets {
  const cache = new Map<string, { readonly value: Promise<string>; readonly untilMs: number }>();
  const fetchOne = async (parameter: string) => {
    const secret = (await parameters.get([parameter])).get(parameter);
    if (secret === undefined) throw new Error(`the parameter ${parameter} has no value`);
    return secret.trim();
  };
  return {
    read(parameter) {
      const cached = cache.get(parameter);
      if (cached !== undefined && cached.untilMs > clock.nowMs()) return cached.value;
      const entry = { value: fetchOne(parameter), untilMs: clock.nowMs() + KEEP_MS };
      entry.value.catch(() => cache.get(parameter) === entry && cache.delete(parameter));
      cache.set(parameter, entry);
      return entry.value;
    },
    forget: (parameter) => void cache.delete(parameter),
  };
}
