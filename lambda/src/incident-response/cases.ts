import type { Aws } from "./aws.ts";
import { type EvidenceBucket, getObject, putOnce } from "./evidence.ts";

/** Keys of the bucket; decision 0020 lists them. */
export const keys = {
  before: (name: string) => `cases/${name}/before.json`,
  of: (name: string, file: string) => `cases/${name}/${file}`,
  claim: (name: string, step: string) => `cases/${name}/claims/${step}.json`,
  approval: (name: string, step: string) => `cases/${name}/approval-${step}.json`,
  manifest: (name: string, number: number) => `cases/${name}/manifest-${number}.json`,
  opened: (instanceId: string, number: number) => `instances/${instanceId}/${number}-opened.json`,
  closed: (instanceId: string, number: number) => `instances/${instanceId}/${number}-closed.json`,
} as const;

/** More openings of one instance than anybody will see. */
const MAX_OPENINGS = 1_000;

/** Which case of an instance is open. */
export interface OpenCase {
  readonly name: string;
  /** Counts the cases of the instance from 1. */
  readonly number: number;
  /** Whether it was open before. */
  readonly resumed: boolean;
}

/**
 * Opens a case, unless one is open. Of several that try at once, all get the same one.
 * @throws what the SDK throws
 */
export async function openCase(aws: Aws, where: EvidenceBucket, instanceId: string, name: string): Promise<OpenCase> {
  for (let number = 1; number <= MAX_OPENINGS; number += 1) {
    const body = JSON.stringify({ case: name, at: new Date().toISOString() });
    if ((await putOnce(aws, where, keys.opened(instanceId, number), body, "case")) !== undefined) {
      return { name, number, resumed: false };
    }
    const open = await caseAt(aws, where, instanceId, number);
    if (open !== undefined) return open;
  }
  throw new Error(`${instanceId} has had ${MAX_OPENINGS} cases`);
}

/**
 * The open case of an instance, if any.
 * @throws what the SDK throws
 */
export async function findOpenCase(aws: Aws, where: EvidenceBucket, instanceId: string): Promise<OpenCase | undefined> {
  for (let number = 1; number <= MAX_OPENINGS; number += 1) {
    const opened = await getObject(aws, where, keys.opened(instanceId, number));
    if (opened === undefined) return undefined;
    const open = await caseAt(aws, where, instanceId, number);
    if (open !== undefined) return open;
  }
  return undefined;
}

/** Ends a case: the next response to the instance is a new one. @throws what the SDK throws */
export async function closeCase(aws: Aws, where: EvidenceBucket, instanceId: string, number: number): Promise<void> {
  await putOnce(aws, where, keys.closed(instanceId, number), JSON.stringify({ at: new Date().toISOString() }), "case");
}

/** The case that was opened under a number, unless it is closed. */
async function caseAt(
  aws: Aws,
  where: EvidenceBucket,
  instanceId: string,
  number: number,
): Promise<OpenCase | undefined> {
  const closed = await getObject(aws, where, keys.closed(instanceId, number));
  if (closed !== undefined) return undefined;
  const opened = await getObject(aws, where, keys.opened(instanceId, number));
  const name = opened === undefined ? undefined : nameIn(opened.body);
  if (name === undefined) throw new Error(`${keys.opened(instanceId, number)} names no case`);
  return { name, number, resumed: true };
}

function nameIn(body: Uint8Array): string | undefined {
  const value: unknown = JSON.parse(Buffer.from(body).toString());
  return typeof value === "object" && value !== null && "case" in value && typeof value.case === "string"
    ? value.case
    : undefined;
}
