import type { Child } from "#cli/preview/page/tree.ts";

/** Drawn things as nodes of the page. Foreign text only ever becomes a text node. */
export function node(child: Child): Node {
  if (typeof child === "string") return document.createTextNode(child);
  const made = document.createElement(child.tag);
  if (child.className !== "") made.className = child.className;
  for (const [name, value] of Object.entries(child.attributes)) made.setAttribute(name, value);
  for (const [name, value] of Object.entries(child.variables)) made.style.setProperty(name, value);
  made.append(...child.children.map(node));
  return made;
}

/** An element of the page by its id. @throws when the page has none */
export function byId(id: string): HTMLElement {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`the page has no #${id}`);
  return found;
}
