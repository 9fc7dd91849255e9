/**
 * Builds the function's zip, byte for byte the same on every machine.
 *
 *   node lambda/build.ts           writes lambda/dist/notifier.zip
 *   node lambda/build.ts --check   fails when the committed zip is not what the sources give
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { parseArgs } from "node:util";
import { build, type Metafile, type Plugin } from "esbuild";
import { strToU8, zipSync } from "fflate";
import { defaultRules } from "#default-rules";

const ROOT = path.join(import.meta.dirname, "..");
const ZIP = path.join(ROOT, "lambda", "dist", "notifier.zip");

/** Everything that Terraform deploys. Larger is slower to start. */
const MAX_ZIP_BYTES = 350 * 1024;

/** A zip cannot say earlier; any fixed time would do. */
const MTIME = new Date(1980, 0, 1);
const UNIX = 3;
const MODE_0644 = 0o100644 << 16;

/** Puts the rules into the bundle as data: no YAML parser and no file access at run time. */
const defaultRulesAsData: Plugin = {
  name: "default-rules-as-data",
  setup(builder) {
    builder.onLoad({ filter: /[\\/]lambda[\\/]default-rules\.ts$/ }, () => ({
      contents: `export const defaultRules = ${JSON.stringify(defaultRules)};`,
      loader: "js",
    }));
  },
};

/** The zip's bytes. @throws when it is larger than {@link MAX_ZIP_BYTES} */
async function buildNotifier(): Promise<Uint8Array> {
  const { outputFiles, metafile } = await build({
    absWorkingDir: ROOT,
    entryPoints: ["lambda/src/handler.ts"],
    bundle: true,
    minify: true,
    platform: "node",
    target: "node22",
    // CommonJS starts faster than ESM in Lambda; "module" first lets unused parts of the SDK be shaken off.
    format: "cjs",
    mainFields: ["module", "main"],
    legalComments: "none",
    plugins: [defaultRulesAsData],
    metafile: true,
    write: false,
  });
  const [bundle] = outputFiles;
  if (bundle === undefined) throw new Error("esbuild gave no bundle");
  const file = (bytes: Uint8Array) => [bytes, { mtime: MTIME, os: UNIX, attrs: MODE_0644, level: 9 }] as const;
  const zip = zipSync({
    "index.js": [...file(bundle.contents)],
    "THIRD-PARTY-NOTICES.txt": [...file(strToU8(notices(metafile)))],
  });
  if (zip.length > MAX_ZIP_BYTES) throw new Error(`the zip has ${zip.length} bytes, more than ${MAX_ZIP_BYTES}`);
  return zip;
}

/** The licences of every package that is in the bundle. @throws when one comes without */
function notices(metafile: Metafile): string {
  const folders = new Set<string>();
  for (const input of Object.keys(metafile.inputs)) {
    const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? [];
    if (folder !== undefined) folders.add(folder);
  }
  const texts = [...folders].sort().map((folder) => {
    const manifest = JSON.parse(readFileSync(path.join(ROOT, folder, "package.json"), "utf8"));
    const licence = readdirSync(path.join(ROOT, folder)).find((name) => /^licen[cs]e/i.test(name));
    if (licence === undefined && typeof manifest.license !== "string")
      throw new Error(`${folder} comes without a licence`);
    const text = licence === undefined ? "" : readFileSync(path.join(ROOT, folder, licence), "utf8").trim();
    return `${manifest.name} ${manifest.version} (${manifest.license})\n\n${text}\n`;
  });
  return `This function contains the following packages.\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}

/** Builds the zip and writes it to `lambda/dist/`. @returns what was built, in a sentence */
export async function writeNotifier(): Promise<string> {
  const zip = await buildNotifier();
  mkdirSync(path.dirname(ZIP), { recursive: true });
  // At once: a Terraform that plans meanwhile must not see half of it.
  const draft = `${ZIP}.${process.pid}`;
  writeFileSync(draft, zip);
  renameSync(draft, ZIP);
  return `lambda/dist/notifier.zip: ${kilobytes(zip)}, ${defaultRules.length} default rules`;
}

const kilobytes = (zip: Uint8Array) => `${Math.round(zip.length / 1024)} KB`;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  if (!values.check) return console.log(await writeNotifier());
  const zip = await buildNotifier();
  if (existsSync(ZIP) && readFileSync(ZIP).equals(zip)) {
    console.log(`lambda/dist/notifier.zip is what the sources give (${kilobytes(zip)})`);
  } else {
    console.error("lambda/dist/notifier.zip is not what the sources give: run `npm run build` and commit it");
    process.exitCode = 1;
  }
}

if (process.argv[1] === import.meta.filename) await main();
