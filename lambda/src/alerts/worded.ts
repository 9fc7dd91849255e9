import type { Fact, Notice } from "#model/news.ts";
import type { MessageSettings } from "#model/settings.ts";
import { accountInWords } from "./account.ts";
import { timeIn } from "./time.ts";

/** A notice of a source as people read it: with the account's name, and times as their clock shows them. */
export function worded(notice: Notice, messages: MessageSettings): Notice {
  const { accountId, facts } = notice;
  const inWords = ({ label, value, ...rest }: Fact): Fact => {
    if (label === "When") return { label, value: timeIn(value, messages.timeZone), ...rest };
    if (label !== "Where" || accountId === undefined || !value.startsWith(accountId)) return { label, value, ...rest };
    return { label, value: accountInWords(accountId, messages) + value.slice(accountId.length), ...rest };
  };
  return { ...notice, facts: facts.map(inWords) };
}
