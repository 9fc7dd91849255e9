import { joined, repeatsOf } from "#alerts/repeats.ts";
import { slackMessage } from "#delivery/slack-message.ts";
import type { Alert, Repeats } from "#model/news.ts";
import { bySeverity, type Severity } from "#model/rule.ts";
import type { MessageSettings } from "#model/settings.ts";
import type { DrawnMessage, DrawnSection } from "./page/document.ts";

/** The messages that were found, by the worst rule that each is about. */
export interface Channels {
  add(alert: Alert): void;
  /** The most severe first; of one severity, by name. */
  sections(): readonly DrawnSection[];
}

/** Alerts that are told together. */
interface Group {
  readonly first: Alert;
  repeats: Repeats;
}

interface Channel {
  readonly severity: Severity;
  /** By what is the same in them, in the order in which they were found. */
  readonly groups: Map<string, Group>;
  more: number;
}

/** @param max how many messages of one rule are kept; the alerts that would need another one are counted */
export function newChannels(max: number, settings: MessageSettings): Channels {
  const byRule = new Map<string, Channel>();
  return {
    add(alert) {
      const { severity, rules, group } = alert;
      const [{ id }] = rules;
      const channel = byRule.get(id) ?? { severity, groups: new Map<string, Group>(), more: 0 };
      byRule.set(id, channel);
      const known = channel.groups.get(group);
      if (known !== undefined) known.repeats = joined(known.repeats, repeatsOf([alert], known.first, settings));
      else if (channel.groups.size >= max) channel.more += 1;
      else channel.groups.set(group, { first: alert, repeats: repeatsOf([alert], alert, settings) });
    },
    sections: () =>
      [...byRule]
        .sort(([a, { severity: ofA }], [b, { severity: ofB }]) => bySeverity(ofA, ofB) || a.localeCompare(b, "en"))
        .map(([name, { groups, more }]) => ({ name, messages: Array.from(groups.values(), drawn), more })),
  };
}

function drawn({ first, repeats }: Group): DrawnMessage {
  const alert = repeats.count === 1 ? first : { ...first, repeats };
  const caption = [first.accountId, first.region].filter(Boolean).join(" · ");
  return { payload: slackMessage(alert), at: first.when, caption, anchor: undefined };
}
