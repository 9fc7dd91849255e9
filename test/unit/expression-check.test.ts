import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createChecker } from "#expression/check.ts";
import { createCompiler } from "#expression/compile.ts";
import { nearest } from "#expression/nearest.ts";
import { transforms } from "#rules/transforms.ts";
import { VOCABULARY } from "#rules/vocabulary.ts";
import { expressions, soup } from "#test/oracle/expressions.ts";

const check = createChecker(transforms, VOCABULARY);

/** Findings as `severity column: problem`; the caret has to stand below the column. */
function found(text: string): readonly string[] {
  return check(text).map(({ severity, message }) => {
    const [, problem, column] = /^(.*) at line 1, column (\d+):\n {2}.*\n {2} *\^$/.exec(message) ?? [];
    return `${severity} ${column}: ${problem}`;
  });
}

describe("an expression that is as it should be has no findings", () => {
  test.each([
    "eventName == 'DeleteBucket' && !errorCode",
    "!(eventName == 'DeleteBucket')",
    "(!errorCode) == true",
    "(requestParameters.items|pluck('cidrIp'))|any('0.0.0.0/0')",
    "(requestParameters.items[.cidrIp == '0.0.0.0/0']|length) > 0",
    "eventName in ['A', 'B'] || (eventSource == 'x' && readOnly == false)",
    "eventName == 'A' && readOnly == false || errorCode == 'x'",
    "requestParameters.names && requestParameters.names[0] == 'a'",
    "(requestParameters.names|length) > 0 && requestParameters.names[0] == 'a'",
    "(event|has('requestParameters.names')) && requestParameters.names[0] == 'a'",
    "event.requestParameters.names && requestParameters.names[0] == 'a'",
    "requestParameters.names ? requestParameters.names[0] == 'a' : false",
    "!requestParameters.names || requestParameters.names[0] == 'a'",
    "(requestParameters|pluck('names')[0]) == 'a'",
    "event['requestParameters.names.0'] == 'a'",
    "event['aFieldOfNextYear'].x == 'a' && config.mine.x == 1",
    "config['allowedCidrs'] == undefinedByName || true",
    "userIdentity.sessionContext.attributes.mfaAuthenticated|isTrue",
    "userIdentity.sessionContext.attributes.mfaAuthenticated == 'true'",
    "readOnly != true && readOnly != 'true'",
    "requestParameters.anything.at.all == 1 && tlsDetails.tlsVersion == 'TLSv1.2'",
    "errorCode ? false : true",
    "'a' in requestParameters.names && 'b' in eventName",
  ])("%s", (text) => {
    expect(found(text).filter((finding) => !finding.includes("undefinedByName"))).toEqual([]);
  });
});

const LIST = "takes a list for a condition, but an empty list is true as well; write ";

describe("a trap is shown with its place and what to write instead", () => {
  test.each<readonly [text: string, ...findings: string[]]>([
    ["requestParameters.items[.a.b == 'x']", `error 24: ${LIST}(requestParameters.items|pluck('a.b'))|any('x')`],
    ["requestParameters.items[.from > 22] && true", `error 24: ${LIST}(requestParameters.items[…]|length) > 0`],
    ["true && !requestParameters.items[.from > 22]", `error 33: ${LIST}(requestParameters.items[…]|length) > 0`],
    ["errorCode ? requestParameters.x[.a] : true", `error 32: ${LIST}(requestParameters.x[…]|length) > 0`],
    ["errorCode || ['a']", `error 14: ${LIST}value in ['a']`],
    ["(requestParameters|pluck('a')) || false", `error 20: ${LIST}((requestParameters|pluck('a'))|length) > 0`],

    [
      "requestParameters.names[0] == 'a'",
      "warning 24: asks for a part of requestParameters.names, which fails where that is missing; " +
        "write event['requestParameters.names.0'], or requestParameters.names && … before it",
    ],
    [
      "event.requestParameters.names[0].a == 'a'",
      "warning 30: asks for a part of event.requestParameters.names, which fails where that is missing; " +
        "write event['requestParameters.names.0.a'], or event.requestParameters.names && … before it",
    ],
    [
      "requestParameters['a-b'] == 1",
      "warning 18: asks for a part of requestParameters, which fails where that is missing; " +
        "write event['requestParameters.a-b'], or requestParameters && … before it",
    ],
    [
      "requestParameters.names[0] == 'a' && requestParameters.names",
      "warning 24: asks for a part of requestParameters.names, which fails where that is missing; " +
        "write event['requestParameters.names.0'], or requestParameters.names && … before it",
    ],
    [
      "config.mine[0] == 1",
      "warning 12: asks for a part of config.mine, which fails where that is missing; write config.mine && … before it",
    ],
    [
      "(eventName|split('X')[0]) == 'Get'",
      "warning 22: asks for a part of (eventName|split('X')), which fails where that is missing; " +
        "write (eventName|split('X')) && … before it",
    ],
    [
      "requestParameters.items.ipRanges.items.cidrIp == '0.0.0.0/0'",
      "warning 25: reads ipRanges.items.cidrIp of the first of requestParameters.items only; " +
        "write (requestParameters.items|pluck('ipRanges.items.cidrIp'))|any(…)",
    ],
    [
      "resources.ARN == 'x'",
      "warning 11: reads ARN of the first of resources only; write (resources|pluck('ARN'))|any(…)",
    ],

    ["!eventName == 'A'", "error 1: compares !eventName with 'A'; write !(eventName == 'A')"],
    ["!eventName in ['A']", "error 1: compares !eventName with ['A']; write !(eventName in ['A'])"],
    ["!eventName != errorCode", "warning 1: compares !eventName with errorCode; write !(eventName != errorCode)"],
    ["!readOnly == false", "warning 1: compares !readOnly with false; write !(readOnly == false)"],
    ["true && !(eventName|lower) > 3", "error 9: compares !(eventName|lower) with 3; write !((eventName|lower) > 3)"],

    [
      "'requestParameters.policyArn' in event",
      "error 31: looks for 'requestParameters.policyArn' in an object, where \"in\" finds nothing; " +
        "write (event|has('requestParameters.policyArn'))",
    ],
    [
      "!('arn' in userIdentity.sessionContext)",
      "error 9: looks for 'arn' in an object, where \"in\" finds nothing; write (userIdentity.sessionContext|has('arn'))",
    ],

    [
      "errorCode || eventName && eventSource",
      "warning 24: mixes || and &&, which bind alike, from left to right; " +
        "write (errorCode || eventName) && eventSource, or errorCode || (eventName && eventSource)",
    ],

    [
      "userIdentity.sessionContext.attributes.mfaAuthenticated == true",
      "warning 57: compares userIdentity.sessionContext.attributes.mfaAuthenticated with true, " +
        "but CloudTrail often writes a text there; write (userIdentity.sessionContext.attributes.mfaAuthenticated|isTrue)",
    ],
    [
      "false != event['requestParameters.isPublic']",
      "warning 7: compares event['requestParameters.isPublic'] with false, " +
        "but CloudTrail often writes a text there; write !(event['requestParameters.isPublic']|isFalse)",
    ],
    [
      "!userIdentity.sessionContext.attributes.mfaAuthenticated",
      "warning 41: takes userIdentity.sessionContext.attributes.mfaAuthenticated for a boolean, but CloudTrail writes " +
        'a text there, and "false" is true as well; write (userIdentity.sessionContext.attributes.mfaAuthenticated|isTrue)',
    ],
    ["readOnly == 'True'", "error 10: compares readOnly with a text, but it is a boolean; write readOnly == true"],

    [
      "eventNmae == 'A'",
      "error 1: names eventNmae, which CloudTrail does not have; did you mean eventName? If it is a new field, write event['eventNmae']",
    ],
    [
      "event.userIdentity.sessionContext.sessionIssuer.username == 'A'",
      "error 49: names event.userIdentity.sessionContext.sessionIssuer.username, which CloudTrail does not have; " +
        "did you mean event.userIdentity.sessionContext.sessionIssuer.userName? " +
        "If it is a new field, write event['userIdentity.sessionContext.sessionIssuer.username']",
    ],
    [
      "somethingElse == 'A'",
      "error 1: names somethingElse, which CloudTrail does not have; if it is a new field, write event['somethingElse']",
    ],

    ["a == == b", 'error 6: has an unexpected "=="'],
    [
      "eventNmae == 'A' && !(eventName|startWith('x')) == 'y' && lower(errorCode)",
      "error 1: names eventNmae, which CloudTrail does not have; did you mean eventName? If it is a new field, write event['eventNmae']",
      "error 21: compares !(eventName|startWith('x')) with 'y'; write !((eventName|startWith('x')) == 'y')",
      'error 33: uses the unknown transform "startWith"; did you mean "startsWith"?',
      'error 59: calls "lower" as a function; write value|lower(…)',
    ],
  ])("%s", (text, ...findings) => {
    expect(found(text)).toEqual(findings);
  });

  test("once, where a name comes again and again, and not at any length", () => {
    const [finding = "", ...others] = found(
      `${"a".repeat(9_000)} == 1 || ${"a".repeat(9)} == 2 || ${"a".repeat(9)} == 3`,
    );
    expect([finding.length < 600, others]).toEqual([
      true,
      ["error 9010: names aaaaaaaaa, which CloudTrail does not have; if it is a new field, write event['aaaaaaaaa']"],
    ]);
  });

  test("on the line on which it stands", () => {
    expect(check("eventName == 'A'\n  && !errorCode == 'x'").map(({ message }) => message)).toEqual([
      "compares !errorCode with 'x'; write !(errorCode == 'x') at line 2, column 6:\n    && !errorCode == 'x'\n       ^",
    ]);
  });
});

test("anything that parses can be checked, and each finding has a place", () => {
  let findings = 0;
  fc.assert(
    fc.property(expressions, (text) => {
      const messages = check(text).map(({ message }) => message);
      findings += messages.length;
      return messages.every((message) => / at line \d+, column \d+:\n.*\n *\^$/.test(message));
    }),
    { seed: 1, numRuns: 1_000 },
  );
  expect(findings).toBeGreaterThan(1_000);
});

test("what compiles has no error of syntax, what does not has one, whatever the text", () => {
  const compile = createCompiler(transforms);
  const counts = { compiled: 0, refused: 0 };
  fc.assert(
    fc.property(soup, (text) => {
      const findings = check(text);
      let refusal: string | undefined;
      try {
        compile(text);
        counts.compiled += 1;
      } catch (error) {
        refusal = String(error instanceof Error ? error.message : error);
        counts.refused += 1;
      }
      return (
        refusal === undefined || findings.some(({ severity, message }) => severity === "error" && message === refusal)
      );
    }),
    { seed: 1, numRuns: 3_000 },
  );
  expect({ compiled: counts.compiled > 100, refused: counts.refused > 100 }).toEqual({ compiled: true, refused: true });
});

test.each([
  ["eventnam", ["eventName", "eventTime"], "eventName"],
  ["lenght", ["length", "lower"], "length"],
  ["STARTSWITH", ["startsWith", "endsWith"], "startsWith"],
  ["nothing", ["missing", "matches"], undefined],
  ["x", ["any", "all"], undefined],
  ["", ["any"], undefined],
])("the nearest to %j among %j is %j", (word, candidates, expected) => {
  expect(nearest(word, candidates)).toEqual(expected);
});
