// Draws Slack's mrkdwn. Foreign text only ever becomes a text node.

const emoji = {
  bell: "🔔",
  key: "🔑",
  lock: "🔒",
  unlock: "🔓",
  closed_lock_with_key: "🔐",
  mag: "🔍",
  eyes: "👀",
  fire: "🔥",
  boom: "💥",
  bulb: "💡",
  link: "🔗",
  gear: "⚙️",
  shield: "🛡️",
  warning: "⚠️",
  rotating_light: "🚨",
  no_entry: "⛔",
  no_entry_sign: "🚫",
  white_check_mark: "✅",
  heavy_check_mark: "✔️",
  x: "❌",
  exclamation: "❗",
  question: "❓",
  information_source: "ℹ️",
  red_circle: "🔴",
  large_red_circle: "🔴",
  large_orange_circle: "🟠",
  large_yellow_circle: "🟡",
  large_green_circle: "🟢",
  large_blue_circle: "🔵",
  white_circle: "⚪",
  black_circle: "⚫",
  clock1: "🕐",
  hourglass: "⌛",
  cloud: "☁️",
  package: "📦",
  scroll: "📜",
  memo: "📝",
  bust_in_silhouette: "👤",
  busts_in_silhouette: "👥",
  robot_face: "🤖",
  globe_with_meridians: "🌐",
  wastebasket: "🗑️",
  construction: "🚧",
  mute: "🔇",
  repeat: "🔁",
  tada: "🎉",
};

/** Makes an element with a class and children (text becomes text nodes). */
export function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

/** A link if the address is one that a browser may open from a message, otherwise its label alone. */
export function link(url, label, className) {
  const isSafe = /^(?:https?|mailto):/i.test(url);
  const made = element(isSafe ? "a" : "span", className, label);
  if (isSafe) {
    made.href = url;
    made.target = "_blank";
    made.rel = "noreferrer noopener";
  }
  return made;
}

/** The character of an emoji name; `:name:` if the stand-in does not know it. */
export function emojiText(name) {
  return Object.hasOwn(emoji, name) ? emoji[name] : `:${name}:`;
}

/** plain_text: nothing is parsed but `:emoji:`. */
export function plainText(text) {
  return unescapeText(text).replace(/:([a-z0-9_+-]+):/g, (_all, name) => emojiText(name));
}

const pattern = new RegExp(
  [
    "```(?<pre>[\\s\\S]+?)```",
    "`(?<code>[^`\\n]+)`",
    "<(?<control>[^<>]+)>",
    "(?<![\\w*])\\*(?<bold>\\S(?:[^*\\n]*\\S)?)\\*(?![\\w*])",
    "(?<![\\w_])_(?<italic>\\S(?:[^_\\n]*\\S)?)_(?![\\w_])",
    "(?<![\\w~])~(?<strike>\\S(?:[^~\\n]*\\S)?)~(?![\\w~])",
    ":(?<emoji>[a-z0-9_+-]+):",
  ].join("|"),
  "g",
);

/** mrkdwn as nodes: quotes by line, and inside of them styles, code, links, mentions and emoji. */
export function mrkdwn(text) {
  const nodes = document.createDocumentFragment();
  let quote;
  for (const part of text.split(/(```[\s\S]+?```)/)) {
    if (part.startsWith("```") && part.length > 6) {
      nodes.append(element("pre", "", unescapeText(part.slice(3, -3).replace(/^\n/, ""))));
      continue;
    }
    const lines = part.split(/(?<=\n)/);
    for (const line of lines) {
      const quoted = /^(?:>|&gt;) ?/.exec(line);
      if (quoted) {
        quote ??= nodes.appendChild(element("blockquote"));
        quote.append(inline(line.slice(quoted[0].length)));
      } else {
        quote = undefined;
        nodes.append(inline(line));
      }
    }
  }
  return nodes;
}

function inline(text) {
  const nodes = document.createDocumentFragment();
  let end = 0;
  for (const match of text.matchAll(pattern)) {
    nodes.append(unescapeText(text.slice(end, match.index)), drawn(match.groups, match[0]));
    end = match.index + match[0].length;
  }
  nodes.append(unescapeText(text.slice(end)));
  return nodes;
}

function drawn(found, all) {
  if (found.pre !== undefined) return element("pre", "", unescapeText(found.pre));
  if (found.code !== undefined) return element("code", "", unescapeText(found.code));
  if (found.control !== undefined) return control(found.control);
  if (found.bold !== undefined) return element("strong", "", inline(found.bold));
  if (found.italic !== undefined) return element("em", "", inline(found.italic));
  if (found.strike !== undefined) return element("s", "", inline(found.strike));
  return found.emoji === undefined ? all : emojiText(found.emoji);
}

function control(content) {
  const bar = content.indexOf("|");
  const target = unescapeText(bar < 0 ? content : content.slice(0, bar));
  const label = bar < 0 ? undefined : unescapeText(content.slice(bar + 1));
  if (target.startsWith("!date^")) return label ?? target;
  if (target.startsWith("!")) {
    const name = target.slice(1).replace(/^subteam\^/, "");
    return element("span", "mention broadcast", label ?? `@${name}`);
  }
  if (/^[@#]/.test(target)) return element("span", "mention", target[0] + (label ?? target.slice(1)));
  return link(target, label ?? target);
}

function unescapeText(text) {
  const characters = { "&amp;": "&", "&lt;": "<", "&gt;": ">" };
  return text.replace(/&(?:amp|lt|gt);/g, (entity) => characters[entity]);
}
