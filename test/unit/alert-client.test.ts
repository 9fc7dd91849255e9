import { describe, expect, test } from "vitest";
import { clientInWords, originInWords } from "#alerts/client.ts";

describe("a client in words", () => {
  test.each<[string | undefined, boolean, string | undefined]>([
    [undefined, false, undefined],
    [undefined, true, "AWS console"],
    ["console.amazonaws.com", false, "AWS console"],
    ["signin.amazonaws.com", false, "AWS console"],
    ["S3Console/0.4, aws-internal/3", false, "AWS console"],
    ["AWS Internal", false, "AWS itself"],
    ["AWS Internal", true, "AWS console"],
    ["cloudformation.amazonaws.com", false, "AWS service cloudformation"],
    [
      "aws-cli/2.15.0 Python/3.11.6 Linux/6.1.0 exe/x86_64 prompt/off command/s3api.put-bucket-acl",
      false,
      "AWS CLI 2.15",
    ],
    ["[aws-cli/1.27.1 Python/3.9]", false, "AWS CLI 1.27"],
    ["aws-cli/2.15.0 Python/3.11 Linux/6.6.9-kali-amd64", false, "AWS CLI 2.15 on Kali Linux"],
    ["aws-cli/2.15.0 Python/3.11 Linux/6.1 exec-env/CloudShell", false, "AWS CLI 2.15 in CloudShell"],
    [
      "APN/1.0 HashiCorp/1.0 Terraform/1.9.2 (+https://www.terraform.io) terraform-provider-aws/5.100.0 aws-sdk-go-v2/1.36.3",
      false,
      "Terraform 1.9",
    ],
    ["Boto3/1.34.1 md/Botocore#1.34.1 ua/2.0 os/linux", false, "Boto3 1.34"],
    ["aws-sdk-go-v2/1.36.3 os/linux lang/go#1.22", false, "AWS SDK for Go 1.36"],
    ["aws-sdk-java/2.20.1 Linux/5.10", false, "AWS SDK for Java 2.20"],
    ["curl/8.5.0", false, "curl 8.5"],
    ["Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0", false, "Firefox 128 on Linux"],
    [
      "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36 Edg/126.0",
      false,
      "Edge 126 on Windows",
    ],
    [
      "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
      false,
      "Safari 17 on macOS",
    ],
    [
      "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/126.0.0.0 Safari/537.36",
      true,
      "AWS console (Chrome 126 on Linux)",
    ],
    ["Mozilla/5.0 (X11; Linux x86_64)", false, "a browser on Linux"],
    ["something of its own", false, "something of its own"],
    ["something of its own", true, "AWS console"],
    ["x".repeat(500), false, `${"x".repeat(120)}…`],
    ["[".repeat(100_000), false, `${"[".repeat(120)}…`],
  ])("%s (console: %s) is %s", (userAgent, isConsole, expected) => {
    expect(clientInWords(userAgent, isConsole)).toBe(expected);
  });

  test.each<[string | undefined, string | undefined, string | undefined]>([
    ["198.51.100.7", "AWS CLI 2.15", "198.51.100.7 · AWS CLI 2.15"],
    ["ec2.amazonaws.com", "AWS service ec2", "AWS service ec2"],
    ["AWS Internal", "AWS itself", "AWS itself"],
    [undefined, "AWS console", "AWS console"],
    ["2001:db8::1", undefined, "2001:db8::1"],
    [undefined, undefined, undefined],
  ])("from %s with %s is %s", (address, client, expected) => {
    expect(originInWords(address, client)).toBe(expected);
  });
});
