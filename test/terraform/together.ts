import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import path from "node:path";
import type { Ministack } from "#test/support/ministack.ts";
import { openRoot, type TerraformVariables } from "#test/support/terraform.ts";
import { repoRoot } from "#test/support/tools.ts";
import { type PlannedResource, resourcesOf } from "./plan.ts";

/** Where a root that is planned together with others finds the module. */
export const MODULE = "../module";

/**
 * Plans roots as the modules of one: starting the provider takes longer than planning.
 * @param roots what each says, by a name for it; each declares all `variables`
 * @returns what each plans, by its name
 * @throws what Terraform says, which names the folder of the root that it is about
 */
export async function planTogether(
  roots: ReadonlyMap<string, string>,
  { env }: Ministack,
  variables: TerraformVariables = {},
): Promise<ReadonlyMap<string, readonly PlannedResource[]>> {
  const folder = await mkdtemp(path.join(tmpdir(), "together-"));
  const names = new Map([...roots.keys()].map((name) => [name, name.replaceAll(/[^a-z0-9]+/gi, "_")]));
  if (new Set(names.values()).size < roots.size) throw new Error(`names too much alike: ${[...roots.keys()]}`);
  await symlink(repoRoot, path.join(folder, path.basename(MODULE)));
  for (const [name, source] of roots) {
    await mkdir(path.join(folder, names.get(name) ?? ""));
    await writeFile(path.join(folder, names.get(name) ?? "", "main.tf"), source);
  }
  const passed = Object.keys(variables).map((name) => `  ${name} = var.${name}\n`);
  const calls = [...names.values()].map((name) => `module "${name}" {\n  source = "./${name}"\n${passed.join("")}}\n`);
  const declared = Object.keys(variables).map((name) => `variable "${name}" {}\n`);
  await writeFile(path.join(folder, "main.tf"), [...declared, ...calls].join("\n"));
  const root = await openRoot(folder, { env, variables });
  try {
    await root.init();
    const resources = resourcesOf((await root.plan()).json);
    const of = (name: string) => resources.filter(({ address }) => address.startsWith(`module.${name}.`));
    return new Map([...names].map(([name, short]) => [name, of(short)]));
  } finally {
    await root.close();
    await rm(folder, { recursive: true, force: true });
  }
}
