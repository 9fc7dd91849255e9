import { keys } from "#incident-response/cases.ts";
import { describeInterfaces } from "#incident-response/describe.ts";
import { getObject } from "#incident-response/evidence.ts";
import { lastManifest } from "#incident-response/manifests.ts";
import { bucketOf } from "#incident-response/validate.ts";
import { findCase } from "./cases.ts";
import { EXIT, type ExitCode } from "./exit.ts";
import type { Show } from "./progress.ts";
import type { Surroundings } from "./surroundings.ts";

/** Tells how a case stands, by its manifests and by what EC2 says now. @throws RespondError */
export async function statusOf(given: string, surroundings: Surroundings, show: Show): Promise<ExitCode> {
  const { aws, settings, account } = surroundings;
  const { name, instanceId, before } = await findCase(given, surroundings);
  const where = bucketOf(settings, account);
  const last = await lastManifest(aws, where, name);
  const asked =
    before === undefined && (await getObject(aws, where, keys.approval(name, "ApproveContain"))) !== undefined;
  const interfaces = await describeInterfaces(aws, instanceId);
  const groups = interfaces.map(({ NetworkInterfaceId = "", Groups = [] }) => ({
    interface: NetworkInterfaceId,
    groups: Groups.map(({ GroupId }) => GroupId),
  }));
  const outcome = last?.outcome ?? (asked ? "waits for an answer, or was denied" : "running, or interrupted");
  show.event(
    "status",
    { case: name, instance: instanceId, outcome, action: last?.action, groups },
    `case ${name}, instance ${instanceId}: ${last?.action ?? "contain"}, ${outcome}`,
  );
  for (const one of groups) show.line(`${one.interface}  ${one.groups.join(", ")}`);
  return EXIT.done;
}
