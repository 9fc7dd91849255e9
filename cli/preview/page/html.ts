import type { Child } from "./tree.ts";

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Elements that have no end: https://html.spec.whatwg.org/multipage/syntax.html#void-elements */
const VOID = new Set(["hr", "input", "link", "meta"]);

/** Drawn things as HTML. Every text in them is escaped, so that none becomes markup. */
export function html(child: Child): string {
  if (typeof child === "string") return escapeHtml(child);
  const { tag, className, attributes, variables, children } = child;
  const style = Object.entries(variables).map(([name, value]) => `${name}: ${value}`);
  const given: Readonly<Record<string, string>> = {
    ...(className === "" ? {} : { class: className }),
    ...attributes,
    ...(style.length === 0 ? {} : { style: style.join("; ") }),
  };
  const written = Object.entries(given).map(([name, value]) => ` ${name}="${escapeHtml(value)}"`);
  const start = `<${tag}${written.join("")}>`;
  // A browser drops a line break right behind `<pre>`.
  const gap = tag === "pre" ? "\n" : "";
  return VOID.has(tag) ? start : `${start}${gap}${children.map(html).join("")}</${tag}>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => ENTITIES[character] ?? character);
}
