/** What is drawn, before it becomes a document: text stays text, whoever wrote it. */
export interface Element {
  readonly tag: string;
  readonly className: string;
  /** By name; values are text. Addresses come from `link` alone. */
  readonly attributes: Readonly<Record<string, string>>;
  /** CSS variables by name, such as `--bar`. */
  readonly variables: Readonly<Record<`--${string}`, string>>;
  readonly children: readonly Child[];
}

/** An element, or foreign text. */
export type Child = Element | string;

/** An element with a class (none when empty) and what is in it. */
export function element(tag: string, className: string, ...children: readonly Child[]): Element {
  return { tag, className, attributes: {}, variables: {}, children };
}

/** The same element with more attributes. */
export function withAttributes(made: Element, attributes: Readonly<Record<string, string>>): Element {
  return { ...made, attributes: { ...made.attributes, ...attributes } };
}

/** A link where a browser may open the address from a message, otherwise its label alone. */
export function link(url: string, label: string, className = ""): Element {
  if (!/^(?:https?|mailto):/i.test(url)) return element("span", className, label);
  return withAttributes(element("a", className, label), { href: url, target: "_blank", rel: "noreferrer noopener" });
}
