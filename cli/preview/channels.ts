import { slackMessage } from "#delivery/slack-message.ts";
import type { Alert } from "#model/news.ts";
import { bySeverity, type Severity } from "#model/rule.ts";
import type { DrawnMessage, DrawnSection } from "./page/document.ts";

/** The messages that were found, by the worst rule that each is about. */
export interface Channels {
  add(alert: Alert): void;
  /** The most severe first; of one severity, by name. */
  sections(): readonly DrawnSection[];
}

/** @param max how many messages of one rule are kept; the others are counted */
export function newChannels(max: number): Channels {
  const byRule = new Map<string, { severity: Severity; messages: DrawnMessage[]; more: number }>();
  return {
    add(alert) {
      const { severity, rules, accountId, region, when } = alert;
      const [{ id }] = rules;
      const channel = byRule.get(id) ?? { severity, messages: [], more: 0 };
      byRule.set(id, channel);
      if (channel.messages.length >= max) channel.more += 1;
      else {
        const caption = [accountId, region].filter(Boolean).join(" · ");
        channel.messages.push({ payload: slackMessage(alert), at: when, caption, anchor: undefined });
      }
    },
    sections: () =>
      [...byRule]
        .sort(([a, { severity: ofA }], [b, { severity: ofB }]) => bySeverity(ofA, ofB) || a.localeCompare(b, "en"))
        .map(([name, { messages, more }]) => ({ name, messages, more })),
  };
}
