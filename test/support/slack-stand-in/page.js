// The page of the Slack stand-in: channels at the left, one channel's messages (or all) at the right.
// `/?still#channel` draws once, without live updates.
import { messageBody } from "./page-blocks.js";
import { element } from "./page-mrkdwn.js";

const appName = "CloudTrail to Slack";
const everything = "all";
const groupWithinMs = 5 * 60 * 1000;

const byId = (id) => document.getElementById(id);
const channels = new Set();
/** How many messages of each channel were on the screen already. */
const seen = new Map();
let messages = [];
let shown;
let drawn = 0;

function accept(snapshot) {
  messages = snapshot.messages;
  channels.clear();
  for (const channel of [...snapshot.channels, ...messages.map((message) => message.channel)]) channels.add(channel);
  open();
}

/** Opens the channel of the URL's hash; without one, the first channel that has messages. */
function open() {
  const wanted = decode(location.hash.slice(1));
  shown = wanted || [...channels].find((channel) => messagesOf(channel).length > 0) || everything;
  drawn = 0;
  byId("messages").replaceChildren();
  byId("channel-name").textContent = `# ${shown}`;
  document.title = `#${shown} | Slack stand-in`;
  draw();
  byId("scroller").scrollTop = byId("scroller").scrollHeight;
}

function decode(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function messagesOf(channel) {
  return channel === everything ? messages : messages.filter((message) => message.channel === channel);
}

/** Adds what is new in the open channel, and draws the sidebar afresh. */
function draw() {
  const list = messagesOf(shown);
  const scroller = byId("scroller");
  const wasAtEnd = scroller.scrollHeight - scroller.scrollTop - scroller.clientHeight < 80;
  for (; drawn < list.length; drawn += 1) byId("messages").append(...drawMessage(list[drawn], list[drawn - 1]));
  if (wasAtEnd) scroller.scrollTop = scroller.scrollHeight;
  byId("empty").hidden = list.length > 0;
  for (const channel of shown === everything ? channels : [shown]) seen.set(channel, messagesOf(channel).length);
  byId("channels").replaceChildren(...[everything, ...channels].map(drawChannel));
}

function drawChannel(channel) {
  const unread = channel === everything ? 0 : messagesOf(channel).length - (seen.get(channel) ?? 0);
  const hash = element("span", "", "#");
  hash.setAttribute("aria-hidden", "true");
  const link = element("a", unread > 0 ? "unread" : "", hash, element("span", "name", channel));
  link.href = `#${encodeURIComponent(channel)}`;
  if (channel === shown) link.setAttribute("aria-current", "page");
  if (unread > 0) {
    link.append(element("span", "count", String(unread), element("span", "hidden", " unread")));
  }
  return element("li", "", link);
}

function drawMessage(message, previous) {
  const at = new Date(message.receivedAtMs);
  const isNewDay = previous === undefined || new Date(previous.receivedAtMs).toDateString() !== at.toDateString();
  const isGrouped = !isNewDay && shown !== everything && message.receivedAtMs - previous.receivedAtMs < groupWithinMs;
  const item = element("li");
  item.append(isGrouped ? groupedMessage(message, at) : fullMessage(message, at));
  return isNewDay ? [element("li", "day", element("span", "", dayName(at))), item] : [item];
}

function fullMessage(message, at) {
  const avatar = byId("avatar").content.cloneNode(true);
  const head = element("div", "message-head", element("span", "author", appName), element("span", "badge", "APP"));
  head.append(time(at));
  if (shown === everything) {
    const where = element("a", "", `#${message.channel}`);
    where.href = `#${encodeURIComponent(message.channel)}`;
    head.append(element("span", "where", "in ", where));
  }
  return element("article", "message", avatar, element("div", "", head, messageBody(message.payload)));
}

function groupedMessage(message, at) {
  return element("article", "message grouped", time(at, true), messageBody(message.payload));
}

function time(at, isShort) {
  const text = at.toLocaleTimeString("en-US", { hour: "numeric", minute: "2-digit" });
  const made = element("time", "", isShort ? text.replace(/ [AP]M/i, "") : text);
  made.dateTime = at.toISOString();
  made.title = at.toLocaleString("en-US", { dateStyle: "full", timeStyle: "medium" });
  return made;
}

function dayName(at) {
  if (at.toDateString() === new Date().toDateString()) return "Today";
  return at.toLocaleDateString("en-US", { weekday: "long", month: "long", day: "numeric" });
}

function status(text) {
  if (byId("status").textContent !== text) byId("status").textContent = text;
}

function live() {
  const events = new EventSource("/events");
  events.addEventListener("snapshot", (event) => {
    status("Live");
    const snapshot = JSON.parse(event.data);
    // The first snapshot repeats what was drawn already.
    if (JSON.stringify(snapshot.messages) !== JSON.stringify(messages)) accept(snapshot);
  });
  events.addEventListener("message", (event) => {
    const message = JSON.parse(event.data);
    messages.push(message);
    channels.add(message.channel);
    draw();
  });
  events.addEventListener("error", () => status("Waiting for the server"));
}

addEventListener("hashchange", open);
const response = await fetch("/messages.json");
accept(await response.json());
status("");
if (!new URLSearchParams(location.search).has("still")) live();
