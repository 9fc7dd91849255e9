/**
 * A finding of GuardDuty arrives on emulators, and the instance is contained, step by step. Ends by itself, and fails
 * unless the instance is isolated.
 */
import { InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { ListExecutionsCommand, ListStateMachinesCommand, SFNClient } from "@aws-sdk/client-sfn";
import { follow } from "#cli/respond/follow.ts";
import { showOn } from "#cli/respond/progress.ts";
import { processTerminal } from "#cli/shared/terminal.ts";
import { deploy } from "#test/respond/support/deployed.ts";
import { groupsOf, launch } from "#test/respond/support/scene.ts";

console.log("starting the emulators, the function and the state machine …");
const deployed = await deploy(() => ({}));
const { scene } = deployed;
try {
  const id = await launch(scene);
  console.log(`instance ${id}, security groups ${(await groupsOf(scene, id)).join(" ")}`);
  const finding = {
    source: "aws.guardduty",
    "detail-type": "GuardDuty Finding",
    detail: {
      id: "demo-1",
      type: "Backdoor:EC2/C&CActivity.B",
      severity: 8,
      accountId: "000000000000",
      region: "us-east-1",
      title: `EC2 instance ${id} talks to a command and control server`,
      resource: { resourceType: "Instance", instanceDetails: { instanceId: id } },
      service: { archived: false, resourceRole: "ACTOR" },
    },
  };
  console.log(`finding: ${finding.detail.title}, severity ${finding.detail.severity}\n`);
  const startedMs = Date.now();
  const Payload = JSON.stringify(finding);
  await new LambdaClient(scene.truth.client).send(
    new InvokeCommand({ FunctionName: "incident-response", Qualifier: "live", Payload }),
  );
  const sfn = new SFNClient(scene.truth.client);
  const { stateMachines: [machine] = [] } = await sfn.send(new ListStateMachinesCommand({}));
  const { executions: [execution] = [] } = await sfn.send(
    new ListExecutionsCommand({ stateMachineArn: machine?.stateMachineArn }),
  );
  const show = showOn(processTerminal(), { json: false, several: false });
  const code = await follow(sfn, execution?.executionArn ?? "", id, show, new AbortController().signal);
  const groups = await groupsOf(scene, id);
  console.log(
    `\nsecurity groups ${groups.join(" ")}, ${((Date.now() - startedMs) / 1_000).toFixed(1)} s after the finding`,
  );
  process.exitCode = groups.flat().includes(scene.groupId) ? 1 : code;
} finally {
  await deployed.stop();
}
