import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { AppError, errorTable, type ErrorCode } from "../../src/model/errors.ts";

interface Told {
  readonly status: number;
  readonly message: string;
  readonly advice: string;
}

/** `### CODE`, then `STATUS `message``, then what it means. */
function told(page: string): ReadonlyMap<string, Told> {
  const sections = page.split(/^### /m).slice(1);
  return new Map(
    sections.map((section) => {
      const [, code = "", status = "", message = "", advice = ""] =
        /^([A-Z_]+)\n\n(\d{3}) `(.*)`\n\n([^#]*)/.exec(section) ?? [];
      return [code, { status: Number(status), message, advice: advice.trim() }];
    }),
  );
}

const pages = told(readFileSync("docs/errors.md", "utf8"));
const codes = Object.keys(errorTable) as ErrorCode[];

describe("docs/errors.md", () => {
  test("tells every error and no other", () => {
    expect([...pages.keys()].toSorted()).toEqual(codes.toSorted());
  });

  test.each(codes)("%s has the status and the words of the table", (code) => {
    const [status, message] = errorTable[code];
    const page = pages.get(code);
    expect({ status: page?.status, message: page?.message }).toEqual({ status, message });
    expect(page?.advice.length).toBeGreaterThan(20);
  });
});

describe("AppError", () => {
  test("fills its message in order and carries code and status", () => {
    const error = new AppError("NOT_PAUSED", ["65a0", "running"]);
    expect(error.message).toBe(
      'Execution "65a0" cannot be resumed: it is "running", not "paused".',
    );
    expect([error.code, error.status, error.name]).toEqual(["NOT_PAUSED", 400, "AppError"]);
  });

  test("an argument that looks like a pattern stays as it is", () => {
    expect(new AppError("ACTION_NOT_FOUND", ["$& %s $1"]).message).toBe(
      'Action "$& %s $1" cannot be found.',
    );
  });

  test("a missing argument does not hide the error", () => {
    expect(new AppError("INVENTORY_TYPE_UNKNOWN").message).toBe("There is no entry type ?.");
  });

  test("keeps its cause", () => {
    const cause = new Error("disk full");
    expect(new AppError("BUSY", ["x"], { cause }).cause).toBe(cause);
  });
});
