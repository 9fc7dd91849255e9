import { readdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { type BuildOptions, build, type Metafile, type OutputFile, type Plugin, transform } from "esbuild";
import { style } from "#cli/preview/page/style.ts";
import { version } from "#cli/shared/version.ts";
import { defaultRules } from "#default-rules";

/** The absolute path of the repository. */
export const ROOT = path.join(import.meta.dirname, "..");

/** The compiled scanner, from the repository's root. */
export const SCANNER = "lambda/dist/scanner.wasm";

/** One file of JavaScript, and the licences of every package that is in it. */
export interface Bundle {
  readonly code: Uint8Array;
  readonly notices: string;
}

/** Files of JavaScript by their names, which load each other. */
export interface SplitBundle {
  readonly files: Readonly<Record<string, Uint8Array>>;
  readonly notices: string;
}

/** Modules that read files when they are loaded. In a bundle each is replaced by its value. */
const MADE_WHEN_BUILT: Readonly<Record<string, () => Readonly<Record<string, unknown>>>> = {
  "lambda/default-rules.ts": () => ({ defaultRules }),
  // Only now, because it may have been compiled a moment ago.
  "lambda/scanner-code.ts": () => ({ scannerCode: readFileSync(path.join(ROOT, SCANNER)).toString("base64") }),
  "cli/preview/page/style.ts": () => ({ style }),
  "cli/shared/version.ts": () => ({ version }),
};

/** Puts rules, style and version into the bundle as data: no YAML parser and no file access at run time. */
const filesAsData: Plugin = {
  name: "files-as-data",
  setup(builder) {
    builder.onLoad({ filter: /\.ts$/ }, ({ path: file }) => {
      const values = MADE_WHEN_BUILT[path.relative(ROOT, file).split(path.sep).join("/")]?.();
      if (values === undefined) return undefined;
      const lines = Object.entries(values).map(([name, value]) => `export const ${name} = ${JSON.stringify(value)};`);
      return { contents: lines.join("\n"), loader: "js" };
    });
  },
};

/**
 * The SDK's clients write the keys of their schemas as `[_eQN]: …` with `const _eQN = "ec2QueryName"`. To esbuild such a
 * key may do anything, so that it keeps the schemas of all calls: half a megabyte for EC2 alone. As plain keys, only
 * those of the calls in use stay.
 */
const plainSchemaKeys: Plugin = {
  name: "plain-schema-keys",
  setup(builder) {
    builder.onLoad(
      { filter: /[\\/]@aws-sdk[\\/]client-[^\\/]+[\\/]dist-es[\\/]schemas[\\/]schemas_0\.js$/ },
      ({ path: file }) => {
        const source = readFileSync(file, "utf8");
        const names = new Map(
          Array.from(source.matchAll(/^const (_\w+) = ("[^"\\]*");$/gm), ([, name, text]) => [name, text]),
        );
        const contents = source.replace(/\[(_\w+)\]:/g, (key, name) => (names.has(name) ? `${names.get(name)}:` : key));
        return { contents, loader: "js" };
      },
    );
  },
};

/**
 * AWS Lambda gives a function its credentials in the environment, always.
 * https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
 * The SDK's default would bring everything that asks elsewhere: profiles, single sign-on, processes, containers.
 */
const credentialsOfEnvironment: Plugin = {
  name: "credentials-of-environment",
  setup(builder) {
    builder.onLoad({ filter: /[\\/]@aws-sdk[\\/]credential-provider-node[\\/]dist-es[\\/]index\.js$/ }, () => ({
      contents: 'export { fromEnv as defaultProvider } from "@aws-sdk/credential-provider-env";',
      loader: "js",
    }));
  },
};

const OPTIONS = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  platform: "node",
  // "module" first lets unused parts of the SDK be shaken off.
  mainFields: ["module", "main"],
  legalComments: "none",
  plugins: [filesAsData, plainSchemaKeys],
  metafile: true,
  write: false,
} as const satisfies BuildOptions;

/**
 * Bundles an entry point into one file, byte for byte the same on every machine.
 * @param options of esbuild, where they differ between entry points
 * @param heading the first line of the notices
 * @throws when a package comes without a licence
 */
export async function bundle(
  entryPoint: string,
  heading: string,
  options: Pick<BuildOptions, "target" | "format" | "banner">,
): Promise<Bundle> {
  const { outputFiles, metafile } = await build({ ...OPTIONS, entryPoints: [entryPoint], ...options });
  const [file] = outputFiles;
  if (file === undefined) throw new Error("esbuild gave no bundle");
  return { code: file.contents, notices: notices(heading, metafile) };
}

/**
 * As {@link bundle}, but what is loaded by `import()` is in files of its own, so that Node reads it only then. They are
 * CommonJS, which starts faster than ESM in Lambda; esbuild splits only ESM, so that each file is turned afterwards.
 * @returns `index.js` and what it loads
 */
export async function splitBundle(entryPoint: string, heading: string, target: string): Promise<SplitBundle> {
  const { outputFiles, metafile } = await build({
    ...OPTIONS,
    plugins: [...OPTIONS.plugins, credentialsOfEnvironment],
    entryPoints: { index: entryPoint },
    outdir: ROOT,
    splitting: true,
    format: "esm",
    target,
  });
  const files = await Promise.all(
    outputFiles.map(async (file) => [path.basename(file.path), await commonJs(file, target)] as const),
  );
  return { files: Object.fromEntries(files), notices: notices(heading, metafile) };
}

async function commonJs({ text }: OutputFile, target: string): Promise<Uint8Array> {
  const { code } = await transform(text, { format: "cjs", minify: true, platform: "node", target });
  return Buffer.from(code);
}

/** Most packages share a few texts: each stands there once, below the names of those that it covers. */
function notices(heading: string, metafile: Metafile): string {
  const folders = new Set<string>();
  for (const input of Object.keys(metafile.inputs)) {
    const [folder] = /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input) ?? [];
    if (folder !== undefined) folders.add(folder);
  }
  const namesByText = new Map<string, string[]>();
  for (const folder of [...folders].sort()) {
    const manifest = JSON.parse(readFileSync(path.join(ROOT, folder, "package.json"), "utf8"));
    const licence = readdirSync(path.join(ROOT, folder)).find((name) => /^licen[cs]e/i.test(name));
    if (licence === undefined && typeof manifest.license !== "string")
      throw new Error(`${folder} comes without a licence`);
    const text = licence === undefined ? "" : readFileSync(path.join(ROOT, folder, licence), "utf8").trim();
    const name = `${manifest.name} ${manifest.version} (${manifest.license})`;
    namesByText.set(text, [...(namesByText.get(text) ?? []), name]);
  }
  const texts = Array.from(namesByText, ([text, names]) => `${names.join("\n")}\n\n${text}\n`);
  return `${heading}\n\n${texts.join(`\n${"-".repeat(80)}\n\n`)}`;
}
