/**
 * Runs in the page of the Slack stand-in: channels at the left, one channel's messages (or all) at the right.
 * `/?still#channel` draws once, without live updates.
 */
import { message, messageBody } from "#cli/preview/page/message.ts";
import { type Child, type Element, element, withAttributes } from "#cli/preview/page/tree.ts";
import type { Received } from "./inbox.ts";
import { byId, node } from "./page-dom.ts";

/** What the server sends first; trusted, because it is this page's own. */
interface Snapshot {
  readonly channels: readonly string[];
  readonly messages: readonly Received[];
}

const EVERYTHING = "all";
const GROUP_WITHIN_MS = 5 * 60 * 1000;

const channels = new Set<string>();
/** How many messages of each channel were on the screen already. */
const seen = new Map<string, number>();
let messages: Received[] = [];
let shown = EVERYTHING;
let drawn = 0;

function accept(snapshot: Snapshot): void {
  messages = [...snapshot.messages];
  channels.clear();
  for (const channel of [...snapshot.channels, ...messages.map(({ channel }) => channel)]) channels.add(channel);
  open();
}

/** Opens the channel of the URL's hash; without one, the first channel that has messages. */
function open(): void {
  const wanted = decode(location.hash.slice(1));
  shown = wanted || ([...channels].find((channel) => messagesOf(channel).length > 0) ?? EVERYTHING);
  drawn = 0;
  byId("messages").replaceChildren();
  byId("channel-name").textContent = `# ${shown}`;
  document.title = `#${shown} | Slack stand-in`;
  draw();
  byId("scroller").scrollTop = byId("scroller").scrollHeight;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function messagesOf(channel: string): readonly Received[] {
  return channel === EVERYTHING ? messages : messages.filter((received) => received.channel === channel);
}

/** Adds what is new in the open channel, and draws the sidebar afresh. */
function draw(): void {
  const list = messagesOf(shown);
  const scroller = byId("scroller");
  const wasAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  const added = list.slice(drawn).flatMap((received, index) => item(received, list[drawn + index - 1]));
  byId("messages").append(...added.map(node));
  drawn = list.length;
  if (wasAtEnd) scroller.scrollTop = scroller.scrollHeight;
  byId("empty").hidden = list.length > 0;
  for (const channel of shown === EVERYTHING ? channels : [shown]) seen.set(channel, messagesOf(channel).length);
  byId("channels").replaceChildren(...[EVERYTHING, ...channels].map((channel) => node(channelLink(channel))));
}

function channelLink(channel: string): Element {
  const unread = channel === EVERYTHING ? 0 : messagesOf(channel).length - (seen.get(channel) ?? 0);
  const hash = withAttributes(element("span", "", "#"), { "aria-hidden": "true" });
  const count = element("span", "count", String(unread), element("span", "hidden", " unread"));
  const name = element("span", "name", channel);
  const link = element("a", unread > 0 ? "unread" : "", hash, name, ...(unread > 0 ? [count] : []));
  return element(
    "li",
    "",
    withAttributes(link, {
      href: `#${encodeURIComponent(channel)}`,
      ...(channel === shown ? { "aria-current": "page" } : {}),
    }),
  );
}

function item(received: Received, previous: Received | undefined): readonly Element[] {
  const { payload, receivedAtMs } = received;
  const at = new Date(receivedAtMs);
  const isNewDay = previous === undefined || new Date(previous.receivedAtMs).toDateString() !== at.toDateString();
  const isGrouped = !isNewDay && shown !== EVERYTHING && receivedAtMs - previous.receivedAtMs < GROUP_WITHIN_MS;
  const made = isGrouped
    ? element("article", "message grouped", time(at, true), messageBody(payload))
    : message(payload, time(at), ...where(received.channel));
  const day = element("li", "day", element("span", "", dayName(at)));
  return [...(isNewDay ? [day] : []), element("li", "", made)];
}

function where(channel: string): readonly Child[] {
  if (shown !== EVERYTHING) return [];
  const link = withAttributes(element("a", "", `#${channel}`), { href: `#${encodeURIComponent(channel)}` });
  return [element("span", "where", "in ", link)];
}

function time(at: Date, isShort = false): Element {
  const text = at.toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit" });
  return withAttributes(element("time", "", isShort ? text.replace(/\s[AP]M/i, "") : text), {
    datetime: at.toISOString(),
    title: at.toLocaleString("en-US", { dateStyle: "full", timeStyle: "medium" }),
  });
}

function dayName(at: Date): string {
  if (at.toDateString() === new Date().toDateString()) return "Today";
  return at.toLocaleDateString("en-US", { weekday: "long", month: "long", day: "numeric" });
}

function status(text: string): void {
  if (byId("status").textContent !== text) byId("status").textContent = text;
}

function live(): void {
  const events = new EventSource("/events");
  events.addEventListener("snapshot", (event) => {
    status("Live");
    const snapshot: Snapshot = JSON.parse(event.data);
    // The first snapshot repeats what was drawn already.
    if (JSON.stringify(snapshot.messages) !== JSON.stringify(messages)) accept(snapshot);
  });
  events.addEventListener("message", (event) => {
    const received: Received = JSON.parse(event.data);
    messages.push(received);
    channels.add(received.channel);
    draw();
  });
  events.addEventListener("error", () => status("Waiting for the server"));
}

// What scrolls must be reached without a mouse.
byId("scroller").tabIndex = 0;
addEventListener("hashchange", open);
const response = await fetch("/messages.json");
accept(await response.json());
status("");
if (!new URLSearchParams(location.search).has("still")) live();
