/** The names that alerts are likely to use; Slack knows some thousand. */
const EMOJI: Readonly<Record<string, string>> = {
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

/** The character of an emoji's name; `:name:` where it is not known here. */
export function emojiText(name: string): string {
  return Object.hasOwn(EMOJI, name) ? (EMOJI[name] ?? "") : `:${name}:`;
}

/** The character of code points in hex, such as `1f6e1-fe0f`; the text itself where they are none. */
export function emojiOf(unicode: string): string {
  const points = unicode.split("-").map((part) => Number.parseInt(part, 16));
  return points.every((point) => point > 0 && point <= 0x10ffff) ? String.fromCodePoint(...points) : unicode;
}
