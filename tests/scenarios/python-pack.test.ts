/** A pack as StackStorm's exchange has them, untouched, on the real program. */
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { freePort } from "../support/haproxy.ts";
import { eventually } from "../support/eventually.ts";
import { needs } from "../support/needs.ts";
import { pythonPack } from "../support/python-pack.ts";
import { startRaicho, type Raicho } from "../support/raicho.ts";

const pack = pythonPack("weather");

const metadata = (name: string, parameters: object = {}) =>
  pack.file(
    `actions/${name}.yaml`,
    JSON.stringify({
      name,
      runner_type: "python-script",
      enabled: true,
      entry_point: `${name}.py`,
      parameters,
    }),
  );

function writePack(): void {
  pack.file(
    "pack.yaml",
    "ref: weather\nname: weather\ndescription: Weather reports\nversion: 1.2.0\nauthor: A\nemail: a@example.com\n",
  );
  pack.file(
    "config.schema.yaml",
    "url:\n  type: string\n  required: true\ntoken:\n  type: string\n  secret: true\nunits:\n  type: string\n  default: metric\n",
  );
  pack.file(
    "actions/lib/base.py",
    `from st2common.runners.base_action import Action

__all__ = ["WeatherAction"]


class WeatherAction(Action):
    def __init__(self, config):
        super(WeatherAction, self).__init__(config=config)
        self.url = self.config["url"]

    def shown(self, place):
        return "%s/%s?units=%s" % (self.url, place, self.config.get("units", None))
`,
  );
  pack.file(
    "actions/report.py",
    `from lib.base import WeatherAction


class ReportAction(WeatherAction):
    def run(self, place, days, hidden):
        self.logger.info("asking for %s", place)
        if days < 1:
            return False, "days must be positive"
        return True, {"asked": self.shown(place), "days": days, "hidden": hidden, "token": self.config["token"]}
`,
  );
  metadata("report", {
    place: { type: "string", required: true },
    days: { type: "integer", default: 3 },
    hidden: { type: "string", required: false },
  });
  pack.file(
    "actions/remember.py",
    `import os

from st2common.runners.base_action import Action
from st2client.client import Client


class Remember(Action):
    def run(self, value):
        service = self.action_service
        missing = service.get_value("missing")
        service.set_value("last", value, ttl=600)
        service.set_value("weather_shared", value, local=False, encrypt=True)
        listed = [pair.name for pair in service.list_values()]
        sealed = service.get_value("weather_shared", local=False)
        opened = service.get_value("weather_shared", local=False, decrypt=True)
        ran = Client().executions.get_by_id(os.environ["ST2_ACTION_EXECUTION_ID"]).status
        gone = service.delete_value("last")
        return {
            "missing": missing, "listed": listed, "sealed": sealed != str(value), "opened": opened,
            "ran": ran, "gone": [gone, service.get_value("last")], "token": os.environ["ST2_ACTION_AUTH_TOKEN"],
        }
`,
  );
  metadata("remember", { value: { type: "integer", default: 7 } });
}

interface Execution {
  readonly id: string;
  readonly status: string;
  readonly result: { readonly result: Record<string, unknown>; readonly stderr: string };
}

describe.skipIf(!needs("python3"))("a pack of Python actions", () => {
  let raicho: Raicho;
  beforeAll(async () => {
    writePack();
    raicho = await startRaicho({
      configs: { weather: { url: "https://weather.example", token: "t0p" } },
      env: { RAICHO_PACKS: pack.path, RAICHO_PORT: String(await freePort()) },
    });
  });
  afterAll(async () => {
    await raicho.stop();
    pack.remove();
  });

  const execute = async (action: string, parameters: object): Promise<Execution> => {
    const { status, body } = await raicho.ask("/v1/executions", {
      method: "POST",
      body: { action, parameters },
    });
    expect([status, body]).toEqual([201, expect.anything()]);
    const { id } = body as Execution;
    return eventually(
      "the end of the execution",
      async () => {
        const found = await raicho.get<Execution>(`/v1/executions/${id}?show_secrets=true`);
        return ["succeeded", "failed", "timeout"].includes(found.status) ? found : undefined;
      },
      { seconds: 30 },
    );
  };

  test("uses its own modules, its configuration and every declared parameter", async () => {
    const { status, result } = await execute("weather.report", { place: "kyoto" });
    expect([status, result]).toEqual([
      "succeeded",
      {
        stdout: "",
        stderr: expect.stringContaining("INFO     asking for kyoto") as string,
        exit_code: 0,
        result: {
          asked: "https://weather.example/kyoto?units=metric",
          days: 3,
          hidden: null,
          token: "t0p",
        },
      },
    ]);
  });

  test("says that it failed", async () => {
    const { status, result } = await execute("weather.report", { place: "kyoto", days: 0 });
    expect([status, result.result]).toEqual(["failed", "days must be positive"]);
  });

  test("reaches the datastore with a token that ends with the run", async () => {
    const { status, result } = await execute("weather.remember", {});
    expect([status, result.result, result.stderr]).toEqual([
      "succeeded",
      {
        missing: null,
        listed: ["weather.Remember:last"],
        sealed: true,
        opened: "7",
        ran: "running",
        gone: [true, null],
        token: expect.stringMatching(/^run-[0-9a-f]{24}-1-/) as string,
      },
      expect.any(String),
    ]);
    // A token that was just good is remembered for a second.
    await eventually("the end of the token", async () => {
      const answer = await raicho.ask("/v1/keys", {
        headers: { "x-auth-token": String(result.result["token"]) },
      });
      return answer.status === 401 ? true : undefined;
    });
  });
});
