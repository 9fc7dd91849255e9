import ipaddr from "ipaddr.js";
import * as v from "valibot";
import { Profile } from "./run.ts";

const text = v.pipe(v.string(), v.minLength(1));
const orNothing = v.optional(v.nullable(text), null);

/** As EC2 tells it of a rule: without the bits of a host, IPv6 abbreviated. */
function canonical(cidr: string): string {
  const [address, bits] = ipaddr.parseCIDR(cidr);
  const family = address.kind() === "ipv4" ? ipaddr.IPv4 : ipaddr.IPv6;
  return `${family.networkAddressFromCIDR(cidr)}/${bits}`;
}

/** A block of addresses, IPv4 or IPv6; everyone is none of them. */
const Cidr = v.pipe(
  text,
  v.regex(
    /^(\d{1,3}(\.\d{1,3}){3}\/\d{1,2}|[0-9a-fA-F:]+\/\d{1,3})$/,
    "must be a block of addresses such as 192.0.2.0/24",
  ),
  v.check((cidr) => ipaddr.isValidCIDR(cidr), "must be a block of addresses such as 192.0.2.0/24"),
  v.transform(canonical),
  v.check((cidr) => !cidr.endsWith("/0"), "must not be open to everyone"),
);

/** What a request may set for itself. */
const OPTIONS = {
  kmsKeyArn: orNothing,
  topicArn: orNothing,
  forensicCidrs: v.optional(v.array(Cidr), []),
  forensicPorts: v.optional(v.array(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(65_535))), [22]),
  nmiGraceSeconds: v.optional(v.pipe(v.number(), v.minValue(0), v.maxValue(3_600)), 30),
};

const Forensic = v.object({
  ami: text,
  instanceType: v.optional(text, "t3.micro"),
  instanceProfileArn: orNothing,
  subnetIds: v.pipe(v.array(text), v.minLength(1)),
  securityGroupId: orNothing,
});

/** The environment variable SETTINGS; decision 0020 says what each is. */
export const Settings = v.object({
  ...OPTIONS,
  stateMachineArn: orNothing,
  bucket: text,
  bucketOwner: orNothing,
  signingKeyArn: orNothing,
  notifierFunctionArn: orNothing,
  profile: v.optional(Profile, "contain"),
  minSeverity: v.optional(v.number(), 7),
  protectedInstanceIds: v.optional(v.array(text), []),
  protectedTags: v.optional(v.record(text, v.string()), {}),
  maxPerHour: v.optional(v.pipe(v.number(), v.minValue(0)), 10),
  drillSources: v.optional(v.array(text), []),
  quarantineGroupName: v.optional(v.pipe(text, v.regex(/^(?!sg-)/, "must not begin with sg-")), "ir-quarantine-{vpc}"),
  quarantineGroupId: orNothing,
  nameTag: v.optional(text, "{step} {case}"),
  approvePowerOff: v.optional(v.boolean(), false),
  approvalHours: v.optional(v.pipe(v.number(), v.minValue(0)), 24),
  nmi: v.optional(v.boolean(), true),
  snapshotLockDays: v.optional(v.pipe(v.number(), v.minValue(0)), 0),
  evidenceVolumeMode: v.optional(v.picklist(["copy", "original"]), "copy"),
  forensic: v.optional(v.nullable(Forensic), null),
  replacementLaunchTemplate: v.optional(
    v.nullable(v.object({ id: text, version: v.optional(text, "$Default"), subnetId: orNothing })),
    null,
  ),
  revoke: v.optional(v.picklist(["none", "instance"]), "none"),
});
export type Settings = v.InferOutput<typeof Settings>;

/** The options of one request, which go before the settings. Empty lists do, too. */
export const Options = v.partial(v.object({ ...OPTIONS, quarantineGroupId: orNothing }));

/** @throws Error that lists what is wrong, each with its path */
export function parsed<const Schema extends v.GenericSchema>(
  schema: Schema,
  value: unknown,
  what: string,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value);
  if (result.success) return result.output;
  const problems = result.issues.map((issue) => `${v.getDotPath(issue) ?? "it"}: ${issue.message}`);
  throw new Error(`${what} cannot be used: ${problems.join("; ")}`);
}
