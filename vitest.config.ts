import { defineConfig } from "vitest/config";
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take minutes, of every project; by size, as they are sorted otherwise, they would come late. */
const LONG = ["round-trip", "limits", "resume-full", "demo", "documents"].map((name) => `/${name}.test.ts`);

/** Begins with the long files, so that none of them runs on alone at the end. */
class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const isLong = ({ moduleId }: TestSpecification) => Number(LONG.some((name) => moduleId.endsWith(name)));
    return (await super.sort(files)).toSorted((one, other) => isLong(other) - isLong(one));
  }
}

export default defineConfig({
  test: {
    sequence: { sequencer: LongFirst },
    projects: [
      {
        test: {
          name: "unit",
          // Some simulate a hundred cold starts, and two projects run beside each other.
          testTimeout: 30_000,
          // Loading every module anew for each file takes a third of the time.
          isolate: false,
          include: ["test/architecture.test.ts", "test/{unit,conformance,oracle,faults}/**/*.test.ts"],
        },
      },
      // Each of these starts Terraform: one at a time is faster on two cores than several.
      {
        test: {
          name: "terraform",
          include: ["test/terraform/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 300_000,
        },
      },
      // On moto, behind the truth proxy.
      {
        test: {
          name: "respond",
          include: ["test/respond/**/*.test.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 3,
        },
      },
      // In a browser, where there is one.
      {
        test: {
          name: "page",
          include: ["test/page/**/*.test.ts"],
          testTimeout: 60_000,
          hookTimeout: 60_000,
        },
      },
      // These wait for queues most of the time.
      {
        test: {
          name: "e2e",
          include: ["test/e2e/**/*.test.ts"],
          testTimeout: 300_000,
          hookTimeout: 600_000,
          maxWorkers: 2,
        },
      },
    ],
  },
});
