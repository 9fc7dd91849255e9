import fc from "fast-check";
import { expect, test } from "vitest";
import { type Element, element, formatXml, parseXml, textAt } from "#test/support/truth/xml.ts";

const name = fc.stringMatching(/^[a-zA-Z]\w{0,8}$/);
/** Texts as AWS answers have them: not only spaces, which stand between elements too, and nothing that XML cannot hold. */
const text = fc.string({ unit: "grapheme-ascii" }).filter((each) => each === "" || each.trim() !== "");

const { tree } = fc.letrec<{ tree: Element }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.tuple(name, text).map(([of, content]) => element(of, content)),
    fc.tuple(name, fc.array(tie("tree"), { minLength: 1, maxLength: 4 })).map(([of, content]) => element(of, content)),
  ),
}));

test("what is written is read again", () => {
  fc.assert(
    fc.property(tree, (each) => {
      expect(parseXml(formatXml(each))).toEqual(each);
    }),
  );
});

test("a declaration, comments, attributes, entities and empty elements are read", () => {
  const document = `<?xml version="1.0"?>\n<!-- a --><R xmlns="http://x/">\n <a/>\n <b n="1">&lt;&#65;&#x42;&amp;&gt;</b>\n</R>`;
  const root = parseXml(document);
  expect([root.name, root.attributes, textAt(root, "a"), textAt(root, "b"), textAt(root, "c")]).toEqual([
    "R",
    ' xmlns="http://x/"',
    "",
    "<AB&>",
    undefined,
  ]);
});

test.each(["", "text", "<a>", "<a><b></a></b>", "</a>", "<a></a></b>"])("%j is no document", (document) => {
  expect(() => parseXml(document)).toThrow();
});
