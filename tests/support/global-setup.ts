import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { startPostgres } from "../../src/store/postgres.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** URL of the one real PostgreSQL that all test files share; each makes databases of its own. */
    readonly postgres: string;
  }
}

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = mkdtempSync(join(tmpdir(), "raicho-test-"));
  chmodSync(home, 0o755);
  const server = await startPostgres({ home, options: { shared_buffers: "64MB" } });
  project.provide("postgres", server.url);
  return async () => {
    await server.stop();
    rmSync(home, { recursive: true, force: true });
  };
}
