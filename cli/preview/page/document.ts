import { html } from "./html.ts";
import { message } from "./message.ts";
import { style } from "./style.ts";
import { type Child, type Element, element, withAttributes } from "./tree.ts";

/** A message on the page. */
export interface DrawnMessage {
  /** What is posted. */
  readonly payload: unknown;
  /** When, in ISO 8601; undefined where nobody knows. Foreign text. */
  readonly at: string | undefined;
  /** What stands beside its author. */
  readonly caption: string;
  /** What links to it name; letters, digits and hyphens. */
  readonly anchor: string | undefined;
}

/** Messages under one name, as a channel. */
export interface DrawnSection {
  readonly name: string;
  readonly messages: readonly DrawnMessage[];
  /** How many more there are that are not drawn. */
  readonly more: number;
}

/** What a page shows. */
export interface Page {
  readonly title: string;
  /** A sentence under it. */
  readonly summary: string;
  readonly sections: readonly DrawnSection[];
}

/** The page asks nobody for anything, and runs nothing. */
const POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'";

/** A page as one file of HTML that needs nothing else: no script, no font, no image from elsewhere. */
export function previewPage(page: Page): string {
  const { title, summary, sections } = page;
  const header = element(
    "header",
    "channel-header",
    element("div", "", element("h1", "", title), element("p", "", summary)),
    view(),
  );
  const drawn = sections.map(section);
  const messages = withAttributes(
    element("div", "scroller", ...(drawn.length > 0 ? drawn : [element("p", "empty", "No message.")])),
    { role: "region", "aria-label": "Messages", tabindex: "0" },
  );
  const body = element("body", "", sidebar(sections), element("main", "", header, messages));
  // The style is ours, and no text: escaped, it would be none.
  return `<!doctype html>
<html lang="en">
<head>
${head(title).map(html).join("\n")}
<style>
${style}</style>
</head>
${html(body)}
</html>
`;
}

function head(title: string): readonly Element[] {
  const meta = (attributes: Readonly<Record<string, string>>) => withAttributes(element("meta", ""), attributes);
  return [
    meta({ charset: "utf-8" }),
    meta({ "http-equiv": "Content-Security-Policy", content: POLICY }),
    meta({ name: "viewport", content: "width=device-width, initial-scale=1" }),
    meta({ name: "color-scheme", content: "light dark" }),
    meta({ name: "referrer", content: "no-referrer" }),
    element("title", "", title),
    withAttributes(element("link", ""), { rel: "icon", href: "data:," }),
  ];
}

/** Colours and width, switched by CSS alone. */
function view(): Element {
  const input = (type: string, id: string, label: string, attributes: Readonly<Record<string, string>> = {}) =>
    element("label", "", withAttributes(element("input", ""), { type, id, ...attributes }), label);
  const theme = (name: string, attributes = {}) =>
    input("radio", `theme-${name}`, `${name.charAt(0).toUpperCase()}${name.slice(1)}`, {
      name: "theme",
      ...attributes,
    });
  return element(
    "fieldset",
    "view",
    element("legend", "hidden", "View"),
    theme("system", { checked: "" }),
    theme("light"),
    theme("dark"),
    input("checkbox", "width-phone", "Phone width"),
  );
}

function sidebar(sections: readonly DrawnSection[]): Element {
  const links = sections.map(({ name, messages, more }, index) => {
    const hash = withAttributes(element("span", "", "#"), { "aria-hidden": "true" });
    const count = element("span", "total", String(messages.length + more), element("span", "hidden", " messages"));
    return element(
      "li",
      "",
      withAttributes(element("a", "", hash, element("span", "name", name), count), { href: `#section-${index}` }),
    );
  });
  return withAttributes(
    element("nav", "sidebar", element("p", "workspace", "CloudTrail to Slack"), element("ul", "channels", ...links)),
    { "aria-label": "Sections" },
  );
}

function section({ name, messages, more }: DrawnSection, index: number): Element {
  const heading = element("h2", "day", element("span", "", `# ${name}`));
  const rest = more === 0 ? [] : [element("p", "more", `and ${more} more like these`)];
  return withAttributes(element("section", "", heading, element("ol", "messages", ...messages.map(item)), ...rest), {
    id: `section-${index}`,
  });
}

function item({ payload, at, caption, anchor }: DrawnMessage): Element {
  const where = anchor === undefined ? caption : withAttributes(element("a", "", caption), { href: `#${anchor}` });
  const made = element("li", "", message(payload, ...clock(at), element("span", "where", where)));
  return anchor === undefined ? made : withAttributes(made, { id: anchor });
}

function clock(at: string | undefined): readonly Child[] {
  const time = new Date(at ?? "");
  if (Number.isNaN(time.getTime())) return [];
  const shown = (options: Intl.DateTimeFormatOptions) =>
    new Intl.DateTimeFormat("en-US", { ...options, timeZone: "UTC" }).format(time).replaceAll("\u202f", " ");
  return [
    withAttributes(element("time", "", shown({ hour: "numeric", minute: "2-digit" })), {
      datetime: time.toISOString(),
      title: `${shown({ dateStyle: "full", timeStyle: "medium" })} UTC`,
    }),
  ];
}
