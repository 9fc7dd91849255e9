import * as v from "valibot";
import type { MessageSettings } from "#model/settings.ts";
import { TimeZone } from "./rule-document.ts";

const text = v.pipe(
  v.nullish(v.string()),
  v.transform((value) => value || undefined),
);
const texts = v.nullish(v.record(v.string(), v.string()), {});
const HTTPS = /^https:\/\/[^\s<>|"]+$/;

/** The variable `messages`, which may be left out as a whole. */
export const Messages: v.GenericSchema<unknown, MessageSettings> = v.pipe(
  v.nullish(
    v.strictObject({
      account_names: texts,
      account_names_from_organizations: v.nullish(v.boolean(), false),
      time_zone: v.nullish(TimeZone, "UTC"),
      identity_center_start_url: v.pipe(
        v.nullish(v.pipe(v.string(), v.regex(HTTPS, "must be an address that begins with https://"))),
        v.transform((value) => value ?? undefined),
      ),
      identity_center_role_name: text,
      runbooks: v.nullish(
        v.record(v.string(), v.pipe(v.string(), v.regex(HTTPS, "must be an address that begins with https://"))),
        {},
      ),
      log_account_id: text,
    }),
    // A default, because a key that is left out and has none is not looked at.
    {},
  ),
  v.transform((messages) => {
    const { identity_center_start_url: startUrl, identity_center_role_name: roleName } = messages;
    return {
      accountNames: messages.account_names,
      namesFromOrganizations: messages.account_names_from_organizations,
      timeZone: messages.time_zone,
      // As the portal shows it: `https://example.awsapps.com/start`, `…/start/` or `…/start#/`.
      identityCenter: startUrl === undefined ? undefined : { startUrl: startUrl.replace(/\/*(#.*)?$/, ""), roleName },
      runbooks: messages.runbooks,
      logAccountId: messages.log_account_id,
    };
  }),
);
