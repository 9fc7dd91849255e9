/**
 * Builds what the repository ships built, byte for byte the same on every machine.
 *
 *   node lambda/build.ts           writes lambda/dist/ and cli/dist/
 *   node lambda/build.ts --check   fails when a committed file is not what the sources give
 */
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { strToU8, zipSync } from "fflate";
import { defaultRules } from "#default-rules";
import { compileScanner } from "./build-scanner.ts";
import { bundle, ROOT, SCANNER, splitBundle } from "./bundle.ts";

/** A built file. */
interface Built {
  /** From the repository's root. */
  readonly file: string;
  readonly bytes: Uint8Array;
  readonly executable?: true;
}

/** What the notifier may have. Larger is slower to start. */
const MAX_ZIP_BYTES = 350 * 1024;

/** A zip cannot say earlier; any fixed time would do. */
const MTIME = new Date(1980, 0, 1);
const UNIX = 3;
const MODE_0644 = 0o100644 << 16;

/** What reads records without parsing them; the function has it inside. */
async function buildScanner(): Promise<Built> {
  return { file: SCANNER, bytes: await compileScanner() };
}

/** The notifier. @throws when it is larger than {@link MAX_ZIP_BYTES} */
async function buildNotifier(): Promise<Built> {
  const built = await buildFunction("lambda/src/handler.ts", "lambda/dist/notifier.zip");
  const { length } = built.bytes;
  if (length > MAX_ZIP_BYTES) throw new Error(`the zip has ${length} bytes, more than ${MAX_ZIP_BYTES}`);
  return built;
}

/** The steps of an incident response. */
const buildIncidentResponse = () =>
  buildFunction("lambda/src/incident-response/handler.ts", "lambda/dist/incident-response.zip");

async function buildFunction(entryPoint: string, target: string): Promise<Built> {
  const { files, notices } = await splitBundle(entryPoint, "This function contains the following packages.", "node22");
  const packed = (bytes: Uint8Array) => [bytes, { mtime: MTIME, os: UNIX, attrs: MODE_0644, level: 9 }] as const;
  const contents = { ...files, "THIRD-PARTY-NOTICES.txt": strToU8(notices) };
  const zip = zipSync(Object.fromEntries(Object.entries(contents).map(([name, bytes]) => [name, [...packed(bytes)]])));
  return { file: target, bytes: zip };
}

/** The command line: one file that runs where there is nothing but Node 20 or newer. */
async function buildCli(): Promise<readonly Built[]> {
  const { code, notices } = await bundle("cli/main.ts", "This program contains the following packages.", {
    target: "node20",
    // As package.json says of every .js file here; packages in CommonJS ask for a `require`.
    format: "esm",
    banner: {
      js: '#!/usr/bin/env node\nimport{createRequire as $createRequire}from"node:module";const require=$createRequire(import.meta.url);',
    },
  });
  return [
    { file: "cli/dist/cloudtrail-to-slack.js", bytes: code, executable: true },
    { file: "cli/dist/THIRD-PARTY-NOTICES.txt", bytes: strToU8(notices) },
  ];
}

function write({ file, bytes, executable }: Built): void {
  const target = path.join(ROOT, file);
  mkdirSync(path.dirname(target), { recursive: true });
  // At once: a Terraform that plans meanwhile must not see half of it.
  const draft = `${target}.${process.pid}`;
  writeFileSync(draft, bytes, { mode: executable ? 0o755 : 0o644 });
  renameSync(draft, target);
}

/** Builds the function's zip and writes it to `lambda/dist/`. @returns what was built, in a sentence */
export async function writeNotifier(): Promise<string> {
  write(await buildScanner());
  const zip = await buildNotifier();
  write(zip);
  return `${described(zip)}, ${defaultRules.length} default rules`;
}

const described = ({ file, bytes }: Built) => `${file}: ${Math.round(bytes.length / 1024)} KB`;

function check(built: Built): void {
  const committed = path.join(ROOT, built.file);
  if (existsSync(committed) && readFileSync(committed).equals(built.bytes)) {
    console.log(`${described(built)}, is what the sources give`);
  } else {
    console.error(`${built.file} is not what the sources give: run \`npm run build\` and commit it`);
    process.exitCode = 1;
  }
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  if (values.check) {
    const functions = [await buildScanner(), await buildNotifier(), await buildIncidentResponse()];
    for (const built of [...functions, ...(await buildCli())]) check(built);
    return;
  }
  console.log(await writeNotifier());
  for (const built of [await buildIncidentResponse(), ...(await buildCli())]) {
    write(built);
    console.log(described(built));
  }
}

if (process.argv[1] === import.meta.filename) await main();
