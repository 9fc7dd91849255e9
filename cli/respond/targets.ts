import { readFileSync } from "node:fs";
import { type EC2Client, paginateDescribeInstances } from "@aws-sdk/client-ec2";
import { isInstanceId } from "#incident-response/request.ts";
import { EXIT, RespondError } from "./exit.ts";

/** More are more likely a mistake than an incident. */
const MAX_TARGETS = 1_000;

/**
 * The instances that are meant, each once.
 * @param ids as they were given; `-` stands for those on standard input, separated by white space
 * @param tag `key=value`
 * @throws RespondError
 */
export async function targetsOf(
  ids: readonly string[],
  tag: string | undefined,
  ec2: EC2Client,
): Promise<readonly string[]> {
  const given = ids
    .flatMap((id) => (id === "-" ? readFileSync(0, "utf8").split(/\s+/) : [id]))
    .filter((id) => id !== "");
  const strange = given.find((id) => !isInstanceId(id));
  if (strange !== undefined) {
    throw new RespondError(EXIT.notFound, `${strange} is no instance id such as i-0123456789abcdef0`);
  }
  const targets = [...new Set([...given, ...(tag === undefined ? [] : await tagged(tag, ec2))])];
  if (targets.length === 0) throw new RespondError(EXIT.usage, "name an instance: -i i-0123456789abcdef0");
  if (targets.length > MAX_TARGETS) throw new RespondError(EXIT.usage, `these are more than ${MAX_TARGETS} instances`);
  return targets;
}

async function tagged(tag: string, ec2: EC2Client): Promise<readonly string[]> {
  const [, key, value] = /^([^=]+)=(.*)$/.exec(tag) ?? [];
  if (key === undefined || value === undefined) throw new RespondError(EXIT.usage, "--tag is key=value");
  const Filters = [
    { Name: `tag:${key}`, Values: [value] },
    { Name: "instance-state-name", Values: ["pending", "running", "stopping", "stopped"] },
  ];
  const ids: string[] = [];
  for await (const { Reservations = [] } of paginateDescribeInstances({ client: ec2 }, { Filters })) {
    ids.push(...Reservations.flatMap(({ Instances = [] }) => Instances.flatMap(({ InstanceId }) => InstanceId ?? [])));
  }
  if (ids.length === 0) throw new RespondError(EXIT.notFound, `no instance has the tag ${tag}`);
  return ids;
}
