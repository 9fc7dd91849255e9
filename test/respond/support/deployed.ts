import { readFileSync } from "node:fs";
import path from "node:path";
import { CreateKeyCommand } from "@aws-sdk/client-kms";
import { CreateAliasCommand, CreateFunctionCommand, LambdaClient, PublishVersionCommand } from "@aws-sdk/client-lambda";
import { CreateStateMachineCommand, SFNClient } from "@aws-sdk/client-sfn";
import { PutParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { type Ministack, startMinistack } from "#test/support/ministack.ts";
import { repoRoot } from "#test/support/tools.ts";
import { startTruth } from "#test/support/truth/truth.ts";
import { BUCKET, ownNetwork, type Scene } from "./scene.ts";

const ACCOUNT = "000000000000";
const MACHINE = `arn:aws:states:us-east-1:${ACCOUNT}:stateMachine:incident-response`;
const ROLE = `arn:aws:iam::${ACCOUNT}:role/test`;

/** The function and its state machine on ministack, all calls through the proxy. */
export interface Deployed {
  readonly scene: Scene;
  readonly ministack: Ministack;
  readonly stop: () => Promise<void>;
}

/** Deploys both as the module does, without Terraform. @param settings beside bucket and topic */
export async function deploy(settings: (scene: Scene) => Readonly<Record<string, unknown>>): Promise<Deployed> {
  const ministack = await startMinistack({ auth: false, functionEnv: {} });
  const truth = await startTruth({ others: ministack.endpoint });
  const scene = await ownNetwork(truth);
  const config = truth.client;
  const lambda = new LambdaClient(config);
  // The emulator knows no key of AWS's own.
  const { KeyMetadata: key } = await scene.kms.send(new CreateKeyCommand({}));
  const signing = new CreateKeyCommand({ KeyUsage: "SIGN_VERIFY", KeySpec: "ECC_NIST_P256" });
  const { KeyMetadata: signingKey } = await scene.kms.send(signing);
  const keys = { kmsKeyArn: key?.Arn, signingKeyArn: signingKey?.Arn };
  const Variables = {
    SETTINGS: JSON.stringify({
      bucket: BUCKET,
      bucketOwner: ACCOUNT,
      stateMachineArn: MACHINE,
      ...keys,
      ...settings(scene),
    }),
    AWS_ENDPOINT_URL: truth.url,
  };
  const FunctionName = "incident-response";
  await lambda.send(
    new CreateFunctionCommand({
      FunctionName,
      Runtime: "nodejs22.x",
      Handler: "index.handler",
      Role: ROLE,
      Timeout: 90,
      Code: { ZipFile: readFileSync(path.join(repoRoot, "lambda/dist/incident-response.zip")) },
      Environment: { Variables },
    }),
  );
  const { Version } = await lambda.send(new PublishVersionCommand({ FunctionName }));
  const alias = new CreateAliasCommand({ FunctionName, Name: "live", FunctionVersion: Version });
  const { AliasArn = "" } = await lambda.send(alias);
  const definition = readFileSync(path.join(repoRoot, "modules/incident-response/state-machine.asl.json"), "utf8")
    .replaceAll("$" + "{partition}", "aws")
    .replaceAll("$" + "{function_arn}", AliasArn);
  const sfn = new SFNClient(config);
  const { stateMachineArn } = await sfn.send(
    new CreateStateMachineCommand({ name: "incident-response", definition, roleArn: ROLE }),
  );
  const Value = JSON.stringify({ stateMachineArn, bucket: BUCKET, ...keys });
  const Name = "/cloudtrail-to-slack/incident-response";
  await new SSMClient(config).send(new PutParameterCommand({ Name, Value, Type: "String" }));
  truth.forgetCalls();
  return {
    scene,
    ministack,
    stop: async () => {
      await truth.stop();
      await ministack.stop();
    },
  };
}
