import { describe, expect, test } from "vitest";
import { parseConfiguration } from "#config/read-settings.ts";
import { PLAIN_MESSAGES } from "#model/settings.ts";
import { configuration } from "#test/support/fakes.ts";

const read = (messages: unknown) => parseConfiguration(configuration({ messages })).messages;
const PORTAL = "https://example.awsapps.com/start";

describe("the wording of messages", () => {
  test.each([
    ["may be left out", undefined],
    ["may be null", null],
    ["may be empty", {}],
    [
      "may be as Terraform writes it when nothing is set",
      {
        account_names: {},
        account_names_from_organizations: false,
        time_zone: "UTC",
        identity_center_start_url: null,
        identity_center_role_name: null,
        runbooks: {},
        log_account_id: null,
      },
    ],
  ])("%s", (_name, messages) => {
    expect(read(messages)).toEqual(PLAIN_MESSAGES);
  });

  test("is what the variable says", () => {
    expect(
      read({
        account_names: { "111111111111": "prod" },
        account_names_from_organizations: true,
        time_zone: "Europe/Berlin",
        identity_center_start_url: PORTAL,
        identity_center_role_name: "ReadOnlyAccess",
        runbooks: { a: "https://wiki.example.com/a" },
        log_account_id: "222222222222",
      }),
    ).toEqual({
      accountNames: { "111111111111": "prod" },
      namesFromOrganizations: true,
      timeZone: "Europe/Berlin",
      identityCenter: { startUrl: PORTAL, roleName: "ReadOnlyAccess" },
      runbooks: { a: "https://wiki.example.com/a" },
      logAccountId: "222222222222",
    });
  });

  test.each([PORTAL, `${PORTAL}/`, `${PORTAL}#/`, `${PORTAL}/#/`])("takes the portal as %s", (url) => {
    expect(read({ identity_center_start_url: url }).identityCenter).toEqual({ startUrl: PORTAL, roleName: undefined });
  });

  test.each([
    [{ time_zone: "Mars/Olympus" }, "messages.time_zone: is no time zone: write one such as Europe/Berlin"],
    [
      { identity_center_start_url: "javascript:alert(1)" },
      "messages.identity_center_start_url: must be an address that begins with https://",
    ],
    [{ runbooks: { a: "http://x" } }, "messages.runbooks.a: must be an address that begins with https://"],
  ])("refuses %j", (messages, problem) => {
    expect(() => read(messages)).toThrow(problem);
  });
});
