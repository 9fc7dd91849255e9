import { isService, serviceOf } from "./service.ts";

/** A longer user agent says no more to people. */
const MAX_UNKNOWN = 120;

/** Tools by what their user agents hold, before the SDKs that they are made with. `$1` is the version. */
const TOOLS: readonly (readonly [RegExp, string])[] = [
  [/\bOpenTofu\/(\d+\.\d+)/, "OpenTofu"],
  [/\bTerraform\/(\d+\.\d+)/, "Terraform"],
  [/\bpulumi\/(\d+\.\d+)/i, "Pulumi"],
  [/\bansible\w*\/(\d+\.\d+)/i, "Ansible"],
  [/\beksctl\/(\d+\.\d+)/, "eksctl"],
  [/\bkarpenter\S*\/(\d+\.\d+)/i, "Karpenter"],
  [/\bsteampipe\S*\/(\d+\.\d+)/i, "Steampipe"],
  [/\bs5cmd\/v?(\d+\.\d+)/, "s5cmd"],
  [/\brclone\/v?(\d+\.\d+)/i, "rclone"],
  [/\baws-cli\/(\d+\.\d+)/, "AWS CLI"],
  [/\baws-cdk\/(\d+\.\d+)/i, "AWS CDK"],
  [/\bBoto3\/(\d+\.\d+)/i, "Boto3"],
  [/\bBotocore\/(\d+\.\d+)/i, "Botocore"],
  [/\baws-sdk-go-v2\/(\d+\.\d+)/, "AWS SDK for Go"],
  [/\baws-sdk-go\/(\d+\.\d+)/, "AWS SDK for Go"],
  [/\baws-sdk-java\/(\d+\.\d+)/, "AWS SDK for Java"],
  [/\baws-sdk-kotlin\/(\d+\.\d+)/, "AWS SDK for Kotlin"],
  [/\baws-sdk-(?:js|nodejs)\/(\d+\.\d+)/, "AWS SDK for JavaScript"],
  [/\baws-sdk-php\/(\d+\.\d+)/i, "AWS SDK for PHP"],
  [/\baws-sdk-ruby\d?\/(\d+\.\d+)/, "AWS SDK for Ruby"],
  [/\baws-sdk-rust\/(\d+\.\d+)/, "AWS SDK for Rust"],
  [/\baws-sdk-cpp\/(\d+\.\d+)/, "AWS SDK for C++"],
  [/\baws-sdk-dotnet\S*\/(\d+\.\d+)/i, "AWS SDK for .NET"],
  [/\bAWSPowerShell\S*\/(\d+\.\d+)/, "AWS Tools for PowerShell"],
  [/\bcurl\/(\d+\.\d+)/, "curl"],
  [/\bpython-requests\/(\d+\.\d+)/, "Python requests"],
  [/\bPostmanRuntime\/(\d+\.\d+)/, "Postman"],
];

const BROWSERS: readonly (readonly [RegExp, string])[] = [
  [/\bEdg(?:e|A|iOS)?\/(\d+)/, "Edge"],
  [/\bOPR\/(\d+)/, "Opera"],
  [/\bFirefox\/(\d+)/, "Firefox"],
  [/\bChrome\/(\d+)/, "Chrome"],
  [/\bVersion\/(\d+)\S* .*Safari\//, "Safari"],
];

const SYSTEMS: readonly (readonly [RegExp, string])[] = [
  [/\bkali\b/i, "Kali Linux"],
  [/\bparrot\b/i, "Parrot OS"],
  [/\bpentoo\b/i, "Pentoo"],
  [/iPhone|iPad/, "iOS"],
  [/Android/, "Android"],
  [/Windows/, "Windows"],
  [/Macintosh|Mac OS X/, "macOS"],
  [/CrOS/, "ChromeOS"],
  [/Linux/, "Linux"],
];

/** Systems that nobody manages an account with for a living, so they are named beside a tool, too. */
const TELLING_SYSTEMS = SYSTEMS.slice(0, 3);

/** What the console itself calls with. */
const CONSOLE =
  /^(console|signin)\.amazonaws\.com$|^(aws-internal\/\d|S3Console\/|Coral\/|AWS-Console|AWSConsole|AWS Signin)/i;

/**
 * A client in words, as its user agent claims: `AWS console`, `Terraform 1.9`, `AWS CLI 2.15`, `Firefox 128 on Linux`.
 * @param isConsole whether the record says that the session belongs to the console
 */
export function clientInWords(userAgent: string | undefined, isConsole: boolean): string | undefined {
  if (userAgent === undefined) return isConsole ? "AWS console" : undefined;
  const agent = userAgent.replace(/^\[(.*)\]$/s, "$1").slice(0, 2_000);
  if (agent === "AWS Internal") return isConsole ? "AWS console" : "AWS itself";
  if (CONSOLE.test(agent)) return "AWS console";
  if (isService(agent)) return `AWS service ${serviceOf(agent)}`;
  const tool = found(TOOLS, agent);
  const system = SYSTEMS.find(([pattern]) => pattern.test(agent))?.[1];
  if (tool !== undefined) {
    const telling = TELLING_SYSTEMS.find(([pattern]) => pattern.test(agent))?.[1];
    if (/exec-env\/CloudShell/i.test(agent)) return `${tool} in CloudShell`;
    return telling === undefined ? tool : `${tool} on ${telling}`;
  }
  if (/^Mozilla\/\d/.test(agent)) {
    const browser = found(BROWSERS, agent) ?? "a browser";
    const named = system === undefined ? browser : `${browser} on ${system}`;
    return isConsole ? `AWS console (${named})` : named;
  }
  if (isConsole) return "AWS console";
  return agent.length > MAX_UNKNOWN ? `${agent.slice(0, MAX_UNKNOWN).toWellFormed()}…` : agent;
}

function found(known: readonly (readonly [RegExp, string])[], agent: string): string | undefined {
  for (const [pattern, name] of known) {
    const version = pattern.exec(agent)?.[1];
    if (version !== undefined) return `${name} ${version}`;
  }
  return undefined;
}

/** Address and client, each once: a service has no address of its own. */
export function originInWords(address: string | undefined, client: string | undefined): string | undefined {
  const from =
    address === undefined
      ? undefined
      : address === "AWS Internal"
        ? "AWS itself"
        : isService(address)
          ? `AWS service ${serviceOf(address)}`
          : address;
  return [...new Set([from, client])].filter(Boolean).join(" · ") || undefined;
}
