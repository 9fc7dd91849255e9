import type { RouteTable, Target } from "#model/destination.ts";

/**
 * To whom news about an account goes; without an account, or with one that no route names, to the defaults. Where a
 * route's own destination is dead, its table's default hears of it.
 */
export function targetsFor(tables: readonly RouteTable[], accountId: string | undefined): readonly Target[] {
  return tables.flatMap(({ routes, default: fallback }): readonly Target[] => {
    const route = accountId === undefined ? undefined : routes.find(({ accounts }) => accounts.includes(accountId));
    if (route !== undefined) return [{ destination: route.destination, fallback }];
    return fallback === undefined ? [] : [{ destination: fallback }];
  });
}
