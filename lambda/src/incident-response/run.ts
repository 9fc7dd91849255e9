import * as v from "valibot";

const text = v.string();
const maybe = v.optional(text);

export const Profile = v.picklist(["contain", "full"]);
export type Profile = v.InferOutput<typeof Profile>;

/** Who or what asked. */
export const Trigger = v.object({
  kind: v.picklist(["cli", "finding", "drill"]),
  findingId: maybe,
  findingType: maybe,
  severity: v.optional(v.number()),
});

/** Whom a run concerns and how it goes; fixed by the step Validate. Travels with the run, as JSON. */
export const Run = v.object({
  action: v.picklist(["contain", "restore"]),
  case: text,
  account: text,
  partition: text,
  region: text,
  instanceId: text,
  profile: Profile,
  trigger: Trigger,
  requestedBy: text,
  reason: text,
  /** ISO 8601. */
  startedAt: text,
  /** ARN of the execution, where there is one. */
  execution: maybe,
  /** Go on, or why nothing is to be done. */
  decision: v.picklist(["go", "approve", "plan", "ignored", "duplicate", "restore"]),
  bucketOwner: text,
});
export type Run = v.InferOutput<typeof Run>;

const InterfaceBefore = v.object({
  id: text,
  vpcId: text,
  groups: v.array(text),
  attachmentId: maybe,
  deleteOnTermination: v.boolean(),
  ipv6: v.boolean(),
  /** Addresses that can be put back: Elastic IPs. */
  elastic: v.array(v.object({ allocationId: text, publicIp: text, privateIp: maybe })),
  /** An address that AWS assigned by itself, and would not give again. */
  publicIp: maybe,
});
export type InterfaceBefore = v.InferOutput<typeof InterfaceBefore>;

const VolumeBefore = v.object({
  id: text,
  device: text,
  deleteOnTermination: v.boolean(),
  sizeGiB: v.optional(v.number()),
  encrypted: v.optional(v.boolean()),
  kmsKeyId: maybe,
  multiAttach: v.optional(v.boolean()),
});
export type VolumeBefore = v.InferOutput<typeof VolumeBefore>;

const InstanceBefore = v.object({
  id: text,
  type: text,
  /** `pending`, `running`, `stopping`, `stopped`, `shutting-down`, `terminated`. */
  state: text,
  zone: text,
  vpcId: maybe,
  subnetId: maybe,
  imageId: maybe,
  launchedAt: maybe,
  /** `spot`, `scheduled`, `capacity-block`; without it, on demand. */
  lifecycle: maybe,
  rootDeviceType: maybe,
  rootDeviceName: maybe,
  profileArn: maybe,
  metadataEndpoint: maybe,
  tags: v.record(text, text),
});

/** The instance before anything was changed: what `restore` goes back to. What is missing could not be read. */
export const Before = v.object({
  at: text,
  instance: InstanceBefore,
  interfaces: v.array(InterfaceBefore),
  volumes: v.array(VolumeBefore),
  terminationProtection: v.optional(v.boolean()),
  shutdownBehavior: maybe,
  spotRequest: v.optional(v.object({ id: text, type: text })),
  /** GB on disks that a stop empties; 0 is none. */
  instanceStoreGB: v.optional(v.number()),
  memoryMiB: v.optional(v.number()),
  /** `nitro` or `xen`. */
  hypervisor: maybe,
  autoScaling: v.optional(v.object({ group: text, lifecycleState: text, protectedFromScaleIn: v.boolean() })),
  /** The quarantine group that was asked for: one that its tag does not tell as ours. */
  quarantineGroupId: maybe,
  /** What could not be read, and why. */
  unknown: v.array(text),
});
export type Before = v.InferOutput<typeof Before>;
