import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, mkdirSync, rmSync } from "node:fs";
import { access, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort, killGroup, onProcessEnd, repoRoot, requireTool, run, withLock } from "./tools.ts";

/** How `startMinistack` starts the emulator. */
export type MinistackOptions = {
  /** Whether IAM policies are enforced (true when absent). */
  readonly auth?: boolean;
  /** Told about the steps that may take long, in words for a person. */
  readonly onProgress?: (what: string) => void;
  /** A file that receives the whole log; its folder is made. */
  readonly logFile?: string;
};

/** A running AWS emulator of our own. */
export type Ministack = {
  /** Its base URL, such as "http://127.0.0.1:40123". An address, not "localhost": bucket host names would not resolve. */
  readonly endpoint: string;
  /** What Terraform and the AWS SDKs need in their environment to talk to it. */
  readonly env: Readonly<Record<string, string>>;
  /** The end of its log (at most 2 MiB), with the access log and what the Lambda functions wrote. */
  readonly logs: () => string;
  /** Ends it with every Lambda process and deletes its files; may be called twice. */
  readonly stop: () => Promise<void>;
};

const readyTimeoutMs = 30_000;
const maxLogCharacters = 2 * 1024 * 1024;
const environmentFolder = join(repoRoot, ".venv");
const requirementsFile = join(repoRoot, "test/support/requirements.txt");

/**
 * Starts the server and ends its process group when standard input closes, which happens also when the process that
 * holds the other end is killed: no emulator outlives its test run. The argument is the folder to delete then.
 */
const bootstrap = `
import os, shutil, signal, sys, threading

folder = sys.argv.pop()

def end_with_parent():
    while os.read(0, 4096):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)

threading.Thread(target=end_with_parent, daemon=True).start()

from ministack.app import main

main()
`;

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/**
 * Makes or updates the virtual environment `.venv` so that it holds exactly requirements.txt, and resolves with the path
 * of its Python. A stamp with the hash of requirements.txt makes later calls cheap; a lock makes parallel ones safe.
 */
async function preparePython(onProgress: (what: string) => void): Promise<string> {
  const python = join(environmentFolder, "bin", "python");
  const stampFile = join(environmentFolder, "requirements.sha256");
  const hash = createHash("sha256")
    .update(await readFile(requirementsFile))
    .digest("hex");
  // The interpreter is a link into the system: it breaks when that Python goes away.
  const isCurrent = async () =>
    (await exists(python)) && (await readFile(stampFile, "utf8").catch(() => "")).trim() === hash;
  if (await isCurrent()) return python;

  const tool = await requireTool("python3");
  const onWait = () => onProgress("Waiting for another process that prepares .venv");
  await withLock(
    join(repoRoot, ".cache", "venv.lock"),
    async () => {
      if (await isCurrent()) return;
      onProgress(`Making .venv with Python ${tool.version}`);
      await run(tool.path, ["-m", "venv", "--clear", environmentFolder], { timeoutMs: 120_000 });
      onProgress("Installing ministack into .venv (once)");
      const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"];
      await run(python, [...pip, "--requirement", requirementsFile], { timeoutMs: 300_000 });
      await writeFile(stampFile, `${hash}\n`);
    },
    { onWait },
  );
  return python;
}

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

type Attempt = { readonly ministack: Ministack } | { readonly portTaken: true };

async function attemptStart(python: string, options: MinistackOptions): Promise<Attempt> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const folder = await mkdtemp(join(tmpdir(), "ministack-"));
  let log = "";
  if (options.logFile !== undefined) mkdirSync(dirname(options.logFile), { recursive: true });
  const logStream = options.logFile === undefined ? undefined : createWriteStream(options.logFile);

  const child = spawn(python, ["-u", "-c", bootstrap, folder], {
    cwd: folder,
    env: serverEnvironment(port, folder, options.auth ?? true),
    // Standard input stays open and unused: its end tells the server that we are gone.
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
  });
  let ended: string | undefined;
  const closed = new Promise<void>((fulfil) => {
    child.on("error", (error) => {
      ended = error.message;
      fulfil();
    });
    child.on("exit", (code, signal) => {
      ended = `exit code ${code ?? signal}`;
      fulfil();
    });
  });
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      log = (log + text).slice(-maxLogCharacters);
      logStream?.write(text);
    });
  }
  const end = () => {
    if (child.pid !== undefined) killGroup(child.pid, "SIGKILL");
    rmSync(folder, { recursive: true, force: true });
  };
  const withdraw = onProcessEnd(end);
  const stop = async () => {
    if (child.pid !== undefined) killGroup(child.pid, "SIGKILL");
    await closed;
    end();
    withdraw();
    await new Promise<void>((fulfil) => (logStream === undefined ? fulfil() : logStream.end(fulfil)));
  };

  const deadlineMs = Date.now() + readyTimeoutMs;
  while (!(log.includes(`Running on ${endpoint}`) && (await isHealthy(endpoint)))) {
    if (ended === undefined && Date.now() < deadlineMs) {
      await delay(50);
      continue;
    }
    await stop();
    if (ended !== undefined && log.includes("already in use")) return { portTaken: true };
    const what = ended === undefined ? `was not ready after ${readyTimeoutMs} ms` : `ended while starting (${ended})`;
    throw new Error(`ministack ${what}. The end of its log:\n${log.slice(-4_000)}`);
  }
  return { ministack: { endpoint, env: clientEnvironment(endpoint), logs: () => log, stop } };
}

/** The log line proves that the answer comes from our own server and not from another one that took the port first. */
async function isHealthy(endpoint: string): Promise<boolean> {
  return fetch(`${endpoint}/_ministack/health`, { signal: AbortSignal.timeout(2_000) }).then(
    (response) => response.ok,
    () => false,
  );
}

/**
 * Starts an emulator on a free port of 127.0.0.1 with empty state, and resolves when it answers.
 * The first call of a checkout installs it into `.venv` (about 15 s). Throws an Error that tells what is missing, or
 * the end of the emulator's log when that does not start.
 */
export async function startMinistack(options: MinistackOptions = {}): Promise<Ministack> {
  if (!(await exists(join(repoRoot, "node_modules", ".bin", "node")))) {
    throw new Error("The project's own Node is missing from node_modules; run `npm ci` and try again.");
  }
  const python = await preparePython(options.onProgress ?? (() => {}));
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const result = await attemptStart(python, options);
    if ("ministack" in result) return result.ministack;
  }
  throw new Error("ministack found its port taken three times in a row; try again.");
}
