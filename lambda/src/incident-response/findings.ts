import * as v from "valibot";
import { isInstanceId, type Request, SAMPLE_INSTANCE } from "./request.ts";
import type { Settings } from "./settings.ts";

const Instance = v.object({ instanceDetails: v.object({ instanceId: v.string() }) });

/** https://docs.aws.amazon.com/guardduty/latest/ug/guardduty_findings_eventbridge.html, as far as it is read */
const Event = v.object({
  source: v.string(),
  "detail-type": v.string(),
  detail: v.object({
    id: v.pipe(v.string(), v.minLength(1)),
    type: v.string(),
    severity: v.number(),
    accountId: v.optional(v.string()),
    region: v.optional(v.string()),
    title: v.optional(v.string(), ""),
    resource: v.optional(v.unknown()),
    service: v.optional(
      v.object({
        archived: v.optional(v.boolean(), false),
        resourceRole: v.optional(v.string()),
        additionalInfo: v.optional(v.unknown()),
        detection: v.optional(v.unknown()),
      }),
      {},
    ),
  }),
});

/** Who is an instance's role tells it by its session: `AROA…:i-0123456789abcdef0`. */
const PrincipalOfInstance = v.object({ accessKeyDetails: v.object({ principalId: v.string() }) });

const Sample = v.object({ sample: v.literal(true) });

/** An attack sequence lists what takes part in it. https://docs.aws.amazon.com/guardduty/latest/ug/guardduty-attack-sequence-finding-types.html */
const Sequence = v.object({
  sequence: v.object({ resources: v.array(v.object({ resourceType: v.string(), uid: v.string() })) }),
});

/** What is to be done about a finding: one request for each instance, or why nothing. */
export type Judged =
  | {
      readonly kind: "act";
      readonly findingId: string;
      readonly account: string;
      readonly requests: readonly Request[];
    }
  | { readonly kind: "dropped"; readonly reason: string };

/** Reads a finding of GuardDuty, or of a drill. Undefined is not one. Never throws. */
export function judge(payload: unknown, settings: Settings): Judged | undefined {
  const event = v.safeParse(Event, payload);
  if (!event.success) return undefined;
  const { source, detail } = event.output;
  const drill = settings.drillSources.includes(source);
  if (source !== "aws.guardduty" && !drill) return dropped(`its source is ${source}`);
  const instances = instancesOf(detail);
  if (v.is(Sample, detail.service.additionalInfo) || instances.includes(SAMPLE_INSTANCE))
    return dropped("it is a sample");
  if (detail.service.archived) return dropped("it is archived");
  if (detail.severity < settings.minSeverity) return dropped(`its severity is ${detail.severity}`);
  if (detail.service.resourceRole === "TARGET") return dropped("the instance is its target, not its actor");
  const known = instances.filter(isInstanceId);
  if (known.length === 0) return dropped("it names no instance");
  const { id, type, severity, accountId = "", title } = detail;
  const trigger = { kind: drill ? "drill" : "finding", findingId: id, findingType: type, severity } as const;
  const common = { action: "contain", reason: `${type}: ${title}`, requestedBy: source, trigger } as const;
  const requests = known.map((instanceId) => ({
    ...common,
    instanceId,
    profile: settings.profile,
    case: undefined,
    dryRun: false,
    approveFirst: false,
    options: {},
  }));
  return { kind: "act", findingId: id, account: accountId, requests };
}

const dropped = (reason: string): Judged => ({ kind: "dropped", reason });

/** Every instance that a finding is about: the resource, the one whose credentials are used outside, those of a sequence. */
function instancesOf({ resource, service }: v.InferOutput<typeof Event>["detail"]): readonly string[] {
  const ids: string[] = [];
  const instance = v.safeParse(Instance, resource);
  if (instance.success) ids.push(instance.output.instanceDetails.instanceId);
  const principal = v.safeParse(PrincipalOfInstance, resource);
  if (principal.success) {
    const [, session = ""] = principal.output.accessKeyDetails.principalId.split(":");
    if (isInstanceId(session)) ids.push(session);
  }
  const sequence = v.safeParse(Sequence, service.detection);
  if (sequence.success) {
    for (const { resourceType, uid } of sequence.output.sequence.resources) {
      if (resourceType === "EC2_INSTANCE") ids.push(uid.split("/").at(-1) ?? uid);
    }
  }
  return [...new Set(ids)];
}
