/** One message with every block, element and style that is drawn, within Slack's limits. */
export const everything = {
  text: "not drawn beside blocks",
  blocks: [
    { type: "header", text: { type: "plain_text", text: ":rotating_light: Header & more", emoji: true } },
    {
      type: "section",
      text: {
        type: "mrkdwn",
        text: "*bold* _italic_ ~strike~ `code` <https://example.com/|a link> <!here> <@U1> :key:\n> quoted\n```pre\n  formatted```",
      },
      accessory: { type: "button", text: { type: "plain_text", text: "Open" }, url: "https://example.com/open" },
    },
    {
      type: "section",
      fields: [
        { type: "mrkdwn", text: "*Who*\nalice via Identity Center" },
        { type: "mrkdwn", text: "*Where*\nprod-payments · eu-central-1" },
        { type: "plain_text", text: "*not bold*", emoji: false },
      ],
    },
    { type: "divider" },
    {
      type: "rich_text",
      elements: [
        {
          type: "rich_text_section",
          elements: [
            { type: "text", text: "Label  ", style: { bold: true } },
            { type: "text", text: "*as it is* <!channel>\n" },
            { type: "text", text: "10.0.0.0/8", style: { code: true, bold: true } },
            { type: "link", url: "https://example.com/", text: "link", style: { italic: true } },
            { type: "emoji", name: "fire", unicode: "1f525" },
            { type: "broadcast", range: "here" },
            { type: "usergroup", usergroup_id: "S0123456" },
            { type: "date", timestamp: 1749633300, format: "{date_num}", fallback: "2025-06-11" },
          ],
        },
        { type: "rich_text_quote", elements: [{ type: "text", text: "quote" }] },
        { type: "rich_text_preformatted", elements: [{ type: "text", text: "{\n  pre: true\n}" }] },
        {
          type: "rich_text_list",
          style: "bullet",
          indent: 1,
          elements: [
            { type: "rich_text_section", elements: [{ type: "text", text: "tcp 22 from 0.0.0.0/0" }] },
            { type: "rich_text_section", elements: [{ type: "text", text: "tcp 3389 from ::/0" }] },
          ],
        },
        {
          type: "rich_text_list",
          style: "ordered",
          offset: 2,
          elements: [{ type: "rich_text_section", elements: [{ type: "text", text: "third" }] }],
        },
      ],
    },
    { type: "image", image_url: "https://example.com/graph.png", alt_text: "a graph" },
    {
      type: "context",
      elements: [
        { type: "image", image_url: "https://example.com/icon.png", alt_text: "an icon" },
        { type: "plain_text", text: "eventID: 6f1c2a6e", emoji: false },
        { type: "mrkdwn", text: "by *rule*" },
      ],
    },
    {
      type: "actions",
      elements: [
        { type: "button", action_id: "a", text: { type: "plain_text", text: "Plain" }, url: "https://example.com/a" },
        {
          type: "button",
          action_id: "b",
          text: { type: "plain_text", text: "Primary" },
          style: "primary",
          url: "https://example.com/b",
        },
        {
          type: "button",
          action_id: "c",
          text: { type: "plain_text", text: "Danger" },
          style: "danger",
          url: "https://example.com/c",
        },
      ],
    },
  ],
  attachments: [
    {
      color: "#e01e5a",
      blocks: [{ type: "section", text: { type: "mrkdwn", text: "blocks behind a *bar*" } }],
    },
    {
      color: "warning",
      title: "Title",
      title_link: "https://example.com/title",
      text: "text of an *older* attachment",
      fields: [{ title: "Field", value: "value" }],
      footer: "footer",
    },
    { fallback: "only a fallback" },
  ],
};

/** What attackers write, each where foreign text may stand. */
const FOREIGN = [
  "<script>document.title = 'run'</script>",
  "<img src=x onerror=\"document.title = 'run'\">",
  "</style></title></div></li><iframe src=https://example.com></iframe>",
  "\"><svg onload='document.title=1'>",
  "<!channel> & &lt;b&gt; &amp;amp; javascript:alert(1)",
  `\u202e${"A".repeat(300)}`,
] as const;

const verbatim = (text: string) => ({ type: "plain_text", text, emoji: false });
const escaped = (text: string) => text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

/** Messages that hold such texts in every place. */
export const hostile = FOREIGN.map((text) => ({
  blocks: [
    { type: "header", text: verbatim(text.slice(0, 150)) },
    { type: "section", text: { type: "mrkdwn", text: escaped(text) }, fields: [verbatim(text)] },
    {
      type: "rich_text",
      elements: [
        {
          type: "rich_text_section",
          elements: [
            { type: "text", text, style: { code: true } },
            { type: "link", url: "javascript:alert(1)", text },
            { type: "link", url: `https://example.com/?"'><script>${encodeURIComponent(text)}`, text },
          ],
        },
      ],
    },
    { type: "context", elements: [verbatim(text)] },
    { type: text, elements: [] },
  ],
  attachments: [{ color: `${text}`, title: text, title_link: "data:text/html,x", text: escaped(text), footer: text }],
}));

/** What of {@link hostile} must stand on the page as it was written, invisible characters included. */
export const foreignTexts: readonly string[] = FOREIGN;
