import { ACCOUNT } from "./scene.ts";

/** A finding of GuardDuty about an instance, as EventBridge delivers it. */
export const finding = (id: string, instanceId: string) => ({
  source: "aws.guardduty",
  "detail-type": "GuardDuty Finding",
  detail: {
    id,
    type: "Backdoor:EC2/C&CActivity.B",
    severity: 8,
    accountId: ACCOUNT,
    resource: { resourceType: "Instance", instanceDetails: { instanceId } },
    service: { resourceRole: "ACTOR" },
  },
});
