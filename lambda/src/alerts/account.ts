import type { MessageSettings } from "#model/settings.ts";

/** What people are told of an account: its name and id, or what of them is known. */
export function accountInWords(accountId: string | undefined, { accountNames }: MessageSettings): string {
  if (accountId === undefined) return "unknown account";
  const name = nameOf(accountId, accountNames);
  return name === undefined ? accountId : `${name} (${accountId})`;
}

/** The name of an account, else its id. */
export function accountShort(accountId: string | undefined, { accountNames }: MessageSettings): string {
  return (accountId && nameOf(accountId, accountNames)) ?? accountId ?? "unknown account";
}

/** An account's name; an id that no configuration can have has none. */
export function nameOf(accountId: string, names: MessageSettings["accountNames"]): string | undefined {
  return Object.hasOwn(names, accountId) ? names[accountId] : undefined;
}
