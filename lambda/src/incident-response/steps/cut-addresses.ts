import { DescribeAddressesCommand, DisassociateAddressCommand } from "@aws-sdk/client-ec2";
import { isMissing } from "#incident-response/aws-error.ts";
import type { Step } from "#incident-response/context.ts";
import { explained, Skip } from "#incident-response/run-step.ts";

/**
 * Takes Elastic IPs off, which also ends what comes through them at this moment. Where people are to come in from given
 * addresses, they stay, but for `full`, which stops the instance anyway.
 */
export const cutAddresses: Step = async ({ aws: { ec2 }, before, settings, run, changed }) => {
  const elastic = before.interfaces.flatMap((one) => one.elastic);
  if (elastic.length === 0) throw new Skip("the instance has no Elastic IP");
  if (settings.forensicCidrs.length > 0 && run.profile === "contain") throw new Skip("people come in by it");
  const problems: string[] = [];
  for (const { publicIp, allocationId } of elastic) {
    try {
      const asked = new DescribeAddressesCommand({ AllocationIds: [allocationId] });
      const { Addresses: [address] = [] } = await ec2.send(asked);
      // Somebody else may have taken it since.
      if (address?.AssociationId === undefined || address.InstanceId !== run.instanceId) continue;
      // Gone is what it should be: perhaps the answer of an earlier request was lost.
      await ec2
        .send(new DisassociateAddressCommand({ AssociationId: address.AssociationId }))
        .catch((error: unknown) => {
          if (!isMissing(error)) throw error;
        });
      changed({ what: "elasticIp", id: allocationId, before: publicIp, after: null });
    } catch (error) {
      problems.push(`${publicIp} is still there: ${explained(error)}`);
    }
  }
  return problems.length === 0 ? { status: "ok" } : { status: "failed", reason: problems.join("; ") };
};
