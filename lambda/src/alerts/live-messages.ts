import { messageOf } from "#model/errors.ts";
import type { AccountDirectory, Clock, Log } from "#model/ports.ts";
import type { MessageSettings } from "#model/settings.ts";
import { bounded } from "./values.ts";

/** Accounts are seldom made and hardly ever renamed. */
const KEEP_MS = 60 * 60_000;
/** After a failure: most need somebody to change a policy. */
const PAUSE_MS = 5 * 60_000;
/** As long as names in the configuration may be. In characters. */
const MAX_NAME = 80;

/** How messages are worded, with what is known of the organization by now. */
export interface LiveMessages {
  now(): MessageSettings;
  /**
   * Asks for the names where there are none or they are old. What does not fit into the time is asked for with the next
   * call. Never throws: a failure costs the names, and is logged once until it is mended.
   * @param withinMs no page is asked for after that; the last one may take longer
   */
  refresh(withinMs: number): Promise<void>;
}

/** {@link LiveMessages} over the accounts of an organization, if the settings ask for them. Configured names win. */
export function liveMessages(
  settings: MessageSettings,
  directory: AccountDirectory,
  clock: Clock,
  log: Log,
): LiveMessages {
  let current = settings;
  const found = new Map<string, string>();
  let pages: AsyncIterator<ReadonlyMap<string, string>> | undefined;
  let askFromMs = settings.namesFromOrganizations ? 0 : Number.POSITIVE_INFINITY;
  let isLogged = false;

  /** @returns whether all pages were read */
  const read = async (untilMs: number): Promise<boolean> => {
    pages ??= directory.names()[Symbol.asyncIterator]();
    do {
      const page = await pages.next();
      if (page.done) return true;
      for (const [id, name] of page.value) found.set(id, bounded(name, MAX_NAME));
    } while (clock.nowMs() < untilMs);
    return false;
  };

  return {
    now: () => current,
    async refresh(withinMs) {
      if (clock.nowMs() < askFromMs) return;
      try {
        if (await read(clock.nowMs() + withinMs)) {
          pages = undefined;
          askFromMs = clock.nowMs() + KEEP_MS;
          isLogged = false;
        }
      } catch (error) {
        pages = undefined;
        askFromMs = clock.nowMs() + PAUSE_MS;
        if (!isLogged)
          log.warning("AWS Organizations does not tell the names of accounts", { reason: messageOf(error) });
        isLogged = true;
      }
      current = { ...settings, accountNames: { ...Object.fromEntries(found), ...settings.accountNames } };
    },
  };
}
