import type { Destination, RouteTable } from "#model/destination.ts";

/** To whom news about an account goes; without an account, or with one that no route names, to the defaults. */
export function destinationsFor(tables: readonly RouteTable[], accountId: string | undefined): readonly Destination[] {
  return tables.flatMap(({ routes, default: fallback }) => {
    const route = accountId === undefined ? undefined : routes.find(({ accounts }) => accounts.includes(accountId));
    const destination = route?.destination ?? fallback;
    return destination === undefined ? [] : [destination];
  });
}
