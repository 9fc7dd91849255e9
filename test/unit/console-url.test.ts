import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { consoleUrl } from "#model/console-url.ts";

describe("consoleUrl", () => {
  test.each([
    ["eu-central-1", "https://console.aws.amazon.com/cloudwatch/home?region=eu-central-1#alarmsV2:alarm/x"],
    ["ap-southeast-4", "https://console.aws.amazon.com/cloudwatch/home?region=ap-southeast-4#alarmsV2:alarm/x"],
    ["cn-northwest-1", "https://console.amazonaws.cn/cloudwatch/home?region=cn-northwest-1#alarmsV2:alarm/x"],
    ["us-gov-east-1", "https://console.amazonaws-us-gov.com/cloudwatch/home?region=us-gov-east-1#alarmsV2:alarm/x"],
  ])("leads into the console of the partition of %s", (region, url) => {
    expect(consoleUrl(region, "cloudwatch/home#alarmsV2:alarm/x")).toBe(url);
  });

  test("has no fragment where the page has none", () => {
    expect(consoleUrl("eu-central-1", "cloudtrail/home")).toBe(
      "https://console.aws.amazon.com/cloudtrail/home?region=eu-central-1",
    );
  });

  test.each(["us-iso-east-1", "us-isob-east-1", "eu-isoe-west-1", "eusc-de-east-1"])(
    "has no address in the partition of %s, whose console is another",
    (region) => {
      expect(consoleUrl(region, "cloudwatch/home#x")).toBeUndefined();
    },
  );

  test.each([
    "",
    "EU (Frankfurt)",
    "eu-central-1 ",
    "eu-central-1\n",
    "eu-central-1#",
    "eu-central-1&x=1",
    "eu-central-123",
    "EU-CENTRAL-1",
    "eu-central",
    "1",
    "evil.example/eu-central-1",
    "@evil.example",
    "eu-central-1@evil.example",
    "a".repeat(10_000),
  ])("has no address for %j, which is no region", (region) => {
    expect(consoleUrl(region, "cloudwatch/home#x")).toBeUndefined();
  });

  test("never leads elsewhere than to a console, whatever the region and the encoded name", () => {
    const HOSTS = ["console.aws.amazon.com", "console.amazonaws.cn", "console.amazonaws-us-gov.com"];
    const region = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.stringMatching(/^[a-z]{2,4}(-[a-z]{2,12}){1,3}-\d{1,2}$/),
      fc.tuple(fc.constantFrom("eu-central-1", "cn-north-1"), fc.string()).map((parts) => parts.join("")),
    );
    let addresses = 0;
    fc.assert(
      fc.property(region, fc.string({ unit: "grapheme" }), (where, name) => {
        const encoded = encodeURIComponent(name);
        const url = consoleUrl(where, `cloudwatch/home#alarmsV2:alarm/${encoded}`);
        if (url === undefined) return;
        addresses += 1;
        const { protocol, host, pathname, search, hash, username } = new URL(url);
        expect({ protocol, known: HOSTS.includes(host), pathname, search, hash, username }).toEqual({
          protocol: "https:",
          known: true,
          pathname: "/cloudwatch/home",
          search: `?region=${where}`,
          hash: new URL(`https://x/#alarmsV2:alarm/${encoded}`).hash,
          username: "",
        });
      }),
      { seed: 33, numRuns: 500 },
    );
    expect(addresses).toBeGreaterThan(100);
  });
});
