import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { createWriteStream, mkdirSync, rmSync } from "node:fs";
import { access, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { freePort, killGroup, onProcessEnd, repoRoot, requireTool, run, withLock } from "./tools.ts";

/** How a server is started. */
export type ServerOptions = {
  /** Told about the steps that may take long, in words for a person. */
  readonly onProgress?: (what: string) => void;
  /** A file that receives the whole log; its folder is made. */
  readonly logFile?: string;
};

/** A server that is a package of `requirements.txt`. */
export type PythonServer = {
  /** What it is called in errors. */
  readonly name: string;
  /** Lines of Python that serve for ever. */
  readonly main: (port: number) => string;
  /** Its whole environment. @param folder where it may write; it is deleted at the end */
  readonly env: (port: number, folder: string) => Readonly<Record<string, string>>;
  /** A path that answers 200 as soon as the server works. */
  readonly healthPath: string;
};

/** A running server of our own, on a free port of 127.0.0.1. */
export type RunningServer = {
  /** Its base URL, such as "http://127.0.0.1:40123". An address, not "localhost": bucket host names would not resolve. */
  readonly endpoint: string;
  /** The end of its log (at most 2 MiB). */
  readonly logs: () => string;
  /** Ends it with every process that it started and deletes its files; may be called twice. */
  readonly stop: () => Promise<void>;
};

const readyTimeoutMs = 30_000;
const maxLogCharacters = 2 * 1024 * 1024;
/** The virtual environment that holds the packages of requirements.txt. */
export const environmentFolder = join(repoRoot, ".venv");
const requirementsFile = join(repoRoot, "test/support/requirements.txt");

/**
 * Starts the server and ends its process group when standard input closes, which happens also when the process that
 * holds the other end is killed: no server outlives its test run. The argument is the folder to delete then.
 */
const bootstrap = (main: string) => `
import os, shutil, signal, sys, threading

folder = sys.argv.pop()

def end_with_parent():
    while os.read(0, 4096):
        pass
    shutil.rmtree(folder, ignore_errors=True)
    os.killpg(0, signal.SIGKILL)

threading.Thread(target=end_with_parent, daemon=True).start()

${main}
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
      onProgress("Installing the AWS emulators into .venv (once)");
      const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--no-deps"];
      await run(python, [...pip, "--requirement", requirementsFile], { timeoutMs: 300_000 });
      await writeFile(stampFile, `${hash}\n`);
    },
    { onWait },
  );
  return python;
}

type Attempt = { readonly server: RunningServer } | { readonly portTaken: true };

async function attemptStart(python: string, server: PythonServer, options: ServerOptions): Promise<Attempt> {
  const port = await freePort();
  const endpoint = `http://127.0.0.1:${port}`;
  const folder = await mkdtemp(join(tmpdir(), `${server.name}-`));
  let log = "";
  if (options.logFile !== undefined) mkdirSync(dirname(options.logFile), { recursive: true });
  const logStream = options.logFile === undefined ? undefined : createWriteStream(options.logFile);

  const child = spawn(python, ["-u", "-c", bootstrap(server.main(port)), folder], {
    cwd: folder,
    env: server.env(port, folder),
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
  while (!(log.includes(`Running on ${endpoint}`) && (await isHealthy(endpoint + server.healthPath)))) {
    if (ended === undefined && Date.now() < deadlineMs) {
      await delay(50);
      continue;
    }
    await stop();
    if (ended !== undefined && /already in use|is in use/.test(log)) return { portTaken: true };
    const what = ended === undefined ? `was not ready after ${readyTimeoutMs} ms` : `ended while starting (${ended})`;
    throw new Error(`${server.name} ${what}. The end of its log:\n${log.slice(-4_000)}`);
  }
  return { server: { endpoint, logs: () => log, stop } };
}

/** The log line proves that the answer comes from our own server and not from another one that took the port first. */
async function isHealthy(url: string): Promise<boolean> {
  return fetch(url, { signal: AbortSignal.timeout(2_000) }).then(
    (response) => response.ok,
    () => false,
  );
}

/**
 * Starts a server on a free port of 127.0.0.1 with empty state, and resolves when it answers.
 * The first call of a checkout installs the packages into `.venv` (about 20 s). Throws an Error that tells what is
 * missing, or the end of the server's log when that does not start.
 */
export async function startPythonServer(server: PythonServer, options: ServerOptions = {}): Promise<RunningServer> {
  const python = await preparePython(options.onProgress ?? (() => {}));
  for (let attempt = 0; attempt < 3; attempt += 1) {
    const result = await attemptStart(python, server, options);
    if ("server" in result) return result.server;
  }
  throw new Error(`${server.name} found its port taken three times in a row; try again.`);
}
