import * as v from "valibot";
import { Profile, Trigger } from "./run.ts";
import { Options } from "./settings.ts";

/** Ids of before 2016 have 8 digits. https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/resource-ids.html */
const INSTANCE_ID = /^i-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;
/** The instance of GuardDuty's sample findings. https://docs.aws.amazon.com/guardduty/latest/ug/sample_findings.html */
export const SAMPLE_INSTANCE = "i-99999999";

/** Whether a text has the form of an instance's id. */
export const isInstanceId = (id: string): boolean => INSTANCE_ID.test(id);

/** What an execution, or a run in the operator's process, is started with. */
export const Request = v.object({
  action: v.optional(v.picklist(["contain", "restore"]), "contain"),
  instanceId: v.pipe(v.string(), v.regex(INSTANCE_ID, "must be an instance id such as i-0123456789abcdef0")),
  profile: v.optional(Profile),
  reason: v.optional(v.string(), ""),
  requestedBy: v.optional(v.string(), "unknown"),
  trigger: v.optional(Trigger, { kind: "cli" }),
  /** Names a new case; an open one keeps its name. Part of S3 keys. */
  case: v.optional(v.pipe(v.string(), v.regex(/^[\w.-]{1,120}$/, "may have letters, digits, `.`, `_` and `-`"))),
  dryRun: v.optional(v.boolean(), false),
  approveFirst: v.optional(v.boolean(), false),
  options: v.optional(Options, {}),
});
export type Request = v.InferOutput<typeof Request>;
