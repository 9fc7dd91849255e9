import { randomBytes } from "node:crypto";
import { messageOf } from "#model/errors.ts";
import type { Aws } from "./aws.ts";
import { findOpenCase, type OpenCase, openCase } from "./cases.ts";
import { describeInstance, type Found, tagsOf } from "./describe.ts";
import type { EvidenceBucket } from "./evidence.ts";
import { type KeptManifest, lastManifest } from "./manifests.ts";
import { within } from "./patience.ts";
import type { Request } from "./request.ts";
import type { Run } from "./run.ts";
import type { Settings } from "./settings.ts";

/** How long the bucket may take to say which case is open: isolation waits for it. */
const BUCKET_PATIENCE_MS = 3_000;

/** What the surroundings know beside the request. */
export interface Surroundings {
  readonly region: string;
  readonly execution: string | undefined;
  /** The case that the operator's own log has open for the instance; asked where the bucket refuses. */
  readonly loggedCase: string | undefined;
}

/** A restore of an instance that is not contained. */
class NoOpenCase extends Error {
  override readonly name = "NoOpenCase";
}

/** A run, and what a person should know of how it came about. */
export interface Validated {
  readonly run: Run;
  readonly notes: readonly string[];
}

/**
 * Finds out whom the run concerns, and whether anything is to be done.
 * @throws NoSuchInstance
 * @throws what the SDK throws when EC2 does not answer
 */
export async function validate(
  aws: Aws,
  request: Request,
  settings: Settings,
  surroundings: Surroundings,
): Promise<Validated> {
  const { region } = surroundings;
  const found = await describeInstance(aws, request.instanceId);
  const account = found.account;
  const where = bucketOf(settings, account);
  const protectedBy = request.trigger.kind === "finding" ? protection(found, settings) : undefined;
  const only = request.action === "restore" || request.dryRun || protectedBy !== undefined ? "look" : "open";
  // One name, also when the bucket answers too late to be waited for.
  const fresh = request.case ?? newCase(request);
  const profile = request.profile ?? settings.profile;
  const asked = { ...request, profile };
  const known = await within(BUCKET_PATIENCE_MS, whichCase(aws, where, asked, found, fresh, only)).catch(
    (error: unknown) => ({
      refused: messageOf(error),
    }),
  );
  const refused = "refused" in known ? known.refused : undefined;
  const open = "refused" in known ? undefined : known.open;
  const name = open?.name ?? surroundings.loggedCase ?? taggedCase(found) ?? fresh;
  if (
    request.action === "restore" &&
    open === undefined &&
    refused === undefined &&
    surroundings.loggedCase === undefined
  ) {
    throw new NoOpenCase(`no case of ${request.instanceId} is open: there is nothing to restore`);
  }
  const done = "refused" in known ? false : known.done;
  const run: Run = {
    action: request.action,
    case: name,
    account,
    partition: partitionOf(region),
    region,
    instanceId: request.instanceId,
    profile,
    trigger: request.trigger,
    requestedBy: request.requestedBy,
    reason: request.reason,
    startedAt: new Date().toISOString(),
    execution: surroundings.execution,
    decision: decision(request, protectedBy, done),
    bucketOwner: where.bucketOwner,
  };
  const notes = [
    protectedBy,
    refused === undefined ? undefined : `the bucket ${where.bucket} does not say which case is open: ${refused}`,
    open?.resumed === true && !done ? `goes on with the case ${name}` : undefined,
  ];
  return { run, notes: notes.filter((note) => note !== undefined) };
}

/** The bucket, as settings and account have it. */
export function bucketOf(settings: Settings, account: string): EvidenceBucket {
  return { bucket: settings.bucket, bucketOwner: settings.bucketOwner ?? account, kmsKeyArn: settings.kmsKeyArn };
}

function decision(request: Request, protectedBy: string | undefined, done: boolean): Run["decision"] {
  if (protectedBy !== undefined) return "ignored";
  if (request.action === "restore") return request.dryRun ? "plan" : "restore";
  if (request.dryRun) return "plan";
  if (done) return "duplicate";
  return request.approveFirst ? "approve" : "go";
}

async function whichCase(
  aws: Aws,
  where: EvidenceBucket,
  request: Request,
  { instance }: Found,
  fresh: string,
  only: "look" | "open",
): Promise<{ readonly open: OpenCase | undefined; readonly done: boolean }> {
  const { instanceId } = request;
  const open =
    only === "look" ? await findOpenCase(aws, where, instanceId) : await openCase(aws, where, instanceId, fresh);
  if (open?.resumed !== true) return { open, done: false };
  const last = await lastManifest(aws, where, open.name);
  const covers = last?.profile === "full" || request.profile !== "full";
  return { open, done: last?.outcome === "done" && covers && isStillIn(last, instance) };
}

/** Whether every interface is where that run put it: somebody may have opened one since, or attached another. */
function isStillIn({ network }: KeptManifest, { NetworkInterfaces = [] }: Found["instance"]): boolean {
  const quarantine = Object.values(network?.groups ?? {});
  return NetworkInterfaces.every(
    ({ Groups: [group, ...more] = [] }) => more.length === 0 && quarantine.includes(group?.GroupId ?? ""),
  );
}

/** The case that the instance's own tag names. Whoever may tag the instance wrote it: nothing but one of our names counts. */
function taggedCase({ instance }: Found): string | undefined {
  const name = tagsOf(instance.Tags)["ir:case"] ?? "";
  return /^ir-[\w.-]{1,120}$/.test(name) && name.includes(instance.InstanceId ?? "") ? name : undefined;
}

function protection({ instance }: Found, settings: Settings): string | undefined {
  const id = instance.InstanceId ?? "";
  if (settings.protectedInstanceIds.includes(id)) return `${id} is protected: findings do not act on it`;
  const tags = tagsOf(instance.Tags);
  const tag = Object.entries(settings.protectedTags).find(([key, value]) => tags[key] === value);
  return tag === undefined ? undefined : `${id} is protected by its tag ${tag.join("=")}: findings do not act on it`;
}

/** Sorts by time; told apart from others of the same second. */
function newCase({ instanceId }: Request): string {
  const second = new Date().toISOString().slice(0, 19).replaceAll(/[-:]/g, "");
  return `ir-${second}Z-${instanceId}-${randomBytes(2).toString("hex")}`;
}

function partitionOf(region: string): string {
  if (region.startsWith("cn-")) return "aws-cn";
  return region.startsWith("us-gov-") ? "aws-us-gov" : "aws";
}
