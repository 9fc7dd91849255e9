/** An element of an AWS answer: these have children or a text, never both, and attributes only where they name a schema. */
export type Element = { readonly name: string; attributes: string; children: Element[]; text: string };

const entities: Readonly<Record<string, string>> = { amp: "&", lt: "<", gt: ">", quot: '"', apos: "'" };

function decode(text: string): string {
  return text.replace(/&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi, (whole, decimal, hexadecimal, name) => {
    if (decimal !== undefined) return String.fromCodePoint(Number(decimal));
    if (hexadecimal !== undefined) return String.fromCodePoint(Number.parseInt(hexadecimal, 16));
    return entities[name] ?? whole;
  });
}

/** The text with what XML gives a meaning to written as entities. */
export function escapeXml(text: string): string {
  return text.replace(/[&<>"]/g, (character) => {
    const name = Object.keys(entities).find((key) => entities[key] === character);
    return `&${name};`;
  });
}

/** The root element of a document. @throws Error when it is not well formed */
export function parseXml(document: string): Element {
  const top: Element = { name: "", attributes: "", children: [], text: "" };
  const open = [top];
  for (const match of document.matchAll(/<(\/?)([\w:.-]+)([^>]*?)(\/?)>|<[?!][^>]*>|([^<]+)/g)) {
    const [, closing, name, attributes = "", single, text] = match;
    const current = open.at(-1);
    if (current === undefined) throw new Error("The answer closes more elements than it opens.");
    if (text !== undefined) {
      if (text.trim() !== "") current.text += decode(text);
    } else if (name !== undefined && closing === "/") {
      if (current.name !== name) throw new Error(`The answer closes ${name} inside ${current.name}.`);
      open.pop();
    } else if (name !== undefined) {
      const element: Element = { name, attributes, children: [], text: "" };
      current.children.push(element);
      if (single !== "/") open.push(element);
    }
  }
  const [root] = top.children;
  if (root === undefined || open.length !== 1) throw new Error("The answer ends in the middle.");
  return root;
}

/** The document of the element. */
export function formatXml({ name, attributes, children, text }: Element): string {
  const inside = children.length > 0 ? children.map(formatXml).join("") : escapeXml(text);
  return `<${name}${attributes}>${inside}</${name}>`;
}

/** An element. @param content its text, or its children */
export function element(name: string, content: string | readonly Element[]): Element {
  const isText = typeof content === "string";
  return { name, attributes: "", children: isText ? [] : [...content], text: isText ? content : "" };
}

/** The first child of that name. */
export function child(of: Element | undefined, name: string): Element | undefined {
  return of?.children.find((each) => each.name === name);
}

/** All elements at that path of names below `of`. */
export function elementsAt(of: Element, ...path: readonly string[]): readonly Element[] {
  const [name, ...rest] = path;
  if (name === undefined) return [of];
  return of.children.filter((each) => each.name === name).flatMap((each) => elementsAt(each, ...rest));
}

/** The text at that path, undefined when there is none. */
export function textAt(of: Element, ...path: readonly string[]): string | undefined {
  return elementsAt(of, ...path)[0]?.text;
}

/** Puts a child in the place of the one that has its name, or at the end. */
export function setChild(of: Element, replacement: Element): void {
  const index = of.children.findIndex((each) => each.name === replacement.name);
  if (index < 0) of.children.push(replacement);
  else of.children[index] = replacement;
}
