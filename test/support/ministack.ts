import { access } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { environmentFolder, type RunningServer, type ServerOptions, startPythonServer } from "./python-server.ts";
import { repoRoot } from "./tools.ts";

/** How `startMinistack` starts the emulator. */
export type MinistackOptions = ServerOptions & {
  /** Whether IAM policies are enforced (true when absent). */
  readonly auth?: boolean;
  /** What Lambda functions find in their environment, too: where services are that another emulator stands for. */
  readonly functionEnv?: Readonly<Record<string, string>>;
};

/** A running AWS emulator of our own. Its log holds the access log and what the Lambda functions wrote. */
export type Ministack = RunningServer & {
  /** What Terraform and the AWS SDKs need in their environment to talk to it. */
  readonly env: Readonly<Record<string, string>>;
};

/**
 * The emulator's environment. Lambda functions inherit it, so it holds nothing of the developer's: no credentials, no
 * proxies, no npm variables. The project's own Node comes first on PATH: the emulator runs functions with `node`.
 */
function serverEnvironment(port: number, folder: string, auth: boolean): Record<string, string> {
  const nodeFolder = join(repoRoot, "node_modules", ".bin");
  return {
    PATH: [nodeFolder, join(environmentFolder, "bin"), process.env.PATH ?? ""].join(delimiter),
    HOME: folder,
    TMPDIR: folder,
    STATE_DIR: join(folder, "state"),
    S3_DATA_DIR: join(folder, "s3"),
    GATEWAY_PORT: String(port),
    BIND_HOST: "127.0.0.1",
    LAMBDA_EXECUTOR: "local",
    // With it, a listener for devices opens on every interface.
    IOT_MTLS_ENABLED: "0",
    AUTH: String(auth),
    // Retries and waits of minutes would only make tests slow.
    LAMBDA_ASYNC_RETRY_BASE_SECONDS: "0.2",
    SFN_WAIT_SCALE: "0.01",
  };
}

function clientEnvironment(endpoint: string): Record<string, string> {
  return {
    AWS_ENDPOINT_URL: endpoint,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    AWS_REGION: "us-east-1",
    AWS_DEFAULT_REGION: "us-east-1",
    AWS_EC2_METADATA_DISABLED: "true",
    // A developer's own profiles must not decide anything.
    AWS_CONFIG_FILE: "/dev/null",
    AWS_SHARED_CREDENTIALS_FILE: "/dev/null",
  };
}

/**
 * Sends the head of an answer together with its body. The emulator's server sends them one after the other, and under load
 * a few milliseconds apart: the AWS provider then sometimes closes the connection between them and asks again, though the
 * call had its effect. It finds that what it makes is there already, and fails.
 */
const answerAtOnce = `
import h11

send = h11.Connection.send

def send_head_with_body(connection, event):
    data = send(connection, event)
    if isinstance(event, h11.Response):
        connection.head = data
        return b""
    head, connection.head = getattr(connection, "head", b""), b""
    return head + data if data is not None else None

h11.Connection.send = send_head_with_body
`;

/** Starts an emulator with empty state; see {@link startPythonServer}. */
export async function startMinistack(options: MinistackOptions = {}): Promise<Ministack> {
  await access(join(repoRoot, "node_modules", ".bin", "node")).catch(() => {
    throw new Error("The project's own Node is missing from node_modules; run `npm ci` and try again.");
  });
  const server = await startPythonServer(
    {
      name: "ministack",
      main: () => `${answerAtOnce}\nfrom ministack.app import main\n\nmain()`,
      env: (port, folder) => ({ ...options.functionEnv, ...serverEnvironment(port, folder, options.auth ?? true) }),
      healthPath: "/_ministack/health",
    },
    options,
  );
  return { ...server, env: clientEnvironment(server.endpoint) };
}
