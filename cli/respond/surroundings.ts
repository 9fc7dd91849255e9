import { DescribeKeyCommand, KMSClient, paginateListKeys } from "@aws-sdk/client-kms";
import { GetParameterCommand, SSMClient } from "@aws-sdk/client-ssm";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import * as v from "valibot";
import { type Aws, connectAws } from "#incident-response/aws.ts";
import { named } from "#incident-response/names.ts";
import { within } from "#incident-response/patience.ts";
import { parsed, Settings } from "#incident-response/settings.ts";
import { messageOf } from "#model/errors.ts";
import { EXIT, RespondError } from "./exit.ts";

/** What the flags say; what is missing comes from the deployed module, or from naming rules. */
export interface Given {
  readonly region?: string;
  readonly bucket?: string;
  readonly topic?: string;
  readonly sgid?: string;
  readonly kmsKey?: string;
  readonly kmsKeyDescription?: string;
  readonly allowCidr?: readonly string[];
}

/** Where a command works, and as whom. */
export interface Surroundings {
  readonly aws: Aws;
  readonly region: string;
  readonly account: string;
  readonly callerArn: string;
  readonly settings: Settings;
  /** The settings with the key, where that is named by its description only. */
  readonly settled: Promise<Settings>;
  /** Of the deployed module, if there is one. */
  readonly stateMachineArn: string | undefined;
}

/** Where none is named: as the older tool has them. */
const DEFAULT_REGION = "us-west-2";
const DEFAULT_BUCKET = "s3-access-logs.{account}-{region}";
const DEFAULT_TOPIC = "arn:{partition}:sns:{region}:{account}:slack-events";
/** How the module is found. */
const PARAMETER = "/cloudtrail-to-slack/incident-response";
/** A module that cannot be asked in time is none: containment waits for nobody. */
const PARAMETER_PATIENCE_MS = 2_000;

const text = v.optional(v.nullable(v.pipe(v.string(), v.minLength(1))));
const { forensic, forensicCidrs, forensicPorts, nmi, replacementLaunchTemplate } = Settings.entries;
const Deployed = v.object({
  stateMachineArn: text,
  bucket: text,
  kmsKeyArn: text,
  signingKeyArn: text,
  topicArn: text,
  quarantineGroupName: text,
  // What a dry run has to know.
  ...{ forensic, forensicCidrs, forensicPorts, nmi, replacementLaunchTemplate },
});

/**
 * Finds out who is asking, and what is deployed.
 * @throws RespondError without credentials, or when a flag cannot be used
 */
export async function surroundingsOf(given: Given): Promise<Surroundings> {
  const sts = new STSClient(given.region === undefined ? {} : { region: given.region });
  const region = given.region ?? (await sts.config.region().catch(() => DEFAULT_REGION));
  const aws = connectAws(region);
  const [caller, deployed] = await Promise.all([whoAmI(region), deployedIn(region)]);
  const partition = caller.arn.split(":")[1] ?? "aws";
  const settings = settingsOf(given, deployed, { ...caller, partition, region });
  const settled =
    given.kmsKeyDescription === undefined
      ? Promise.resolve(settings)
      : keyByDescription(new KMSClient({ region }), given.kmsKeyDescription).then((kmsKeyArn) => ({
          ...settings,
          kmsKeyArn,
        }));
  // Whoever waits for it is told; before that nobody does.
  settled.catch(() => {});
  return {
    aws,
    region,
    account: caller.account,
    callerArn: caller.arn,
    settings,
    settled,
    stateMachineArn: deployed?.stateMachineArn ?? undefined,
  };
}

function settingsOf(
  given: Given,
  deployed: v.InferOutput<typeof Deployed> | undefined,
  { account, partition, region }: { readonly account: string; readonly partition: string; readonly region: string },
): Settings {
  const own = (template: string) => named(template, { account, partition, region });
  const settings = {
    bucket: own(given.bucket ?? deployed?.bucket ?? DEFAULT_BUCKET),
    topicArn: own(given.topic ?? deployed?.topicArn ?? DEFAULT_TOPIC),
    kmsKeyArn: given.kmsKey ?? deployed?.kmsKeyArn,
    signingKeyArn: deployed?.signingKeyArn,
    quarantineGroupId: given.sgid,
    quarantineGroupName: deployed?.quarantineGroupName ?? undefined,
    forensicCidrs: given.allowCidr ?? deployed?.forensicCidrs,
    forensicPorts: deployed?.forensicPorts,
    forensic: deployed?.forensic,
    nmi: deployed?.nmi,
    replacementLaunchTemplate: deployed?.replacementLaunchTemplate,
  };
  try {
    return parsed(Settings, settings, "the options");
  } catch (error) {
    throw new RespondError(EXIT.usage, messageOf(error));
  }
}

/** Also for assumed roles, which have no user. @throws RespondError */
async function whoAmI(region: string): Promise<{ readonly account: string; readonly arn: string }> {
  try {
    const { Account = "", Arn = "" } = await new STSClient({ region }).send(new GetCallerIdentityCommand({}));
    return { account: Account, arn: Arn };
  } catch (cause) {
    const problem = `AWS does not say who you are (${messageOf(cause)}); sign in, or set AWS_PROFILE`;
    throw new RespondError(EXIT.forbidden, problem, { cause });
  }
}

async function deployedIn(region: string): Promise<v.InferOutput<typeof Deployed> | undefined> {
  const ssm = new SSMClient({ region, maxAttempts: 2 });
  try {
    const { Parameter } = await within(PARAMETER_PATIENCE_MS, ssm.send(new GetParameterCommand({ Name: PARAMETER })));
    const found = v.safeParse(Deployed, JSON.parse(Parameter?.Value ?? ""));
    return found.success ? found.output : undefined;
  } catch {
    // None is deployed, or it is nobody's business of this caller: the naming rules hold.
    return undefined;
  }
}

/** The first key of that description that can encrypt, among all keys of the account. @throws Error without one */
async function keyByDescription(kms: KMSClient, description: string): Promise<string> {
  for await (const { Keys = [] } of paginateListKeys({ client: kms }, {})) {
    for (const { KeyId } of Keys) {
      const { KeyMetadata: key } = await kms.send(new DescribeKeyCommand({ KeyId }));
      const fits = key?.Description === description && key.KeyState === "Enabled" && key.KeyUsage === "ENCRYPT_DECRYPT";
      if (fits && key.Arn !== undefined) return key.Arn;
    }
  }
  throw new Error(`no enabled key for encryption has the description "${description}"`);
}
