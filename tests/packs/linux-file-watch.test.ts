/** The sensor of the pack `linux` that follows files, in a process of its own. */
import { appendFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { isObject } from "../../src/model/json.ts";
import { needs } from "../support/needs.ts";
import { SensorBench } from "../support/python-sensor.ts";

const sensor = `${readFileSync("packs/linux/sensors/file_watch_sensor.py", "utf8")}

class Watch(FileWatchSensor):
    pass
`;

describe.skipIf(!needs("python3"))("linux.FileWatchSensor", () => {
  let bench: SensorBench;
  let file: string;
  const lines = (): readonly unknown[] =>
    bench.events.map(({ payload }) => (isObject(payload) ? payload["line"] : payload));
  /** All lines that were told once there are so many. */
  const first = (count: number): Promise<readonly unknown[]> =>
    bench.until(() => (lines().length >= count ? lines() : undefined));

  /** Follows the file from its end; resolves when it does. */
  async function follow(): Promise<void> {
    bench = new SensorBench();
    file = join(bench.path, "app.log");
    writeFileSync(file, "before\n");
    bench.triggers = [
      { id: "1", ref: "garden.seen.1", type: "garden.seen", parameters: { file_path: file } },
    ];
    bench.start(sensor);
    await bench.until(() => bench.checkpoint !== undefined);
  }
  afterEach(() => bench.close());

  test("tells new lines, whole and in their own letters, however they are written", async () => {
    await follow();
    const [head, tail] = [Buffer.from("雷鳥").subarray(0, 4), Buffer.from("雷鳥").subarray(4)];
    appendFileSync(file, "one\r\n\n");
    appendFileSync(file, head);
    expect(await first(2)).toStrictEqual(["one", ""]);
    appendFileSync(file, tail);
    appendFileSync(file, " flies\n");
    expect(await first(3)).toStrictEqual(["one", "", "雷鳥 flies"]);
    expect(bench.events[0]).toStrictEqual({
      trigger: "garden.seen.1",
      payload: { file_path: file, file_name: "app.log", line: "one" },
    });
  });

  test("loses no line when the file is rotated or emptied", async () => {
    await follow();
    appendFileSync(file, "last\nunfinished");
    renameSync(file, `${file}.1`);
    writeFileSync(file, "first\n");
    expect(await first(3)).toStrictEqual(["last", "unfinished", "first"]);
    truncateSync(file);
    appendFileSync(file, "new\n");
    expect(await first(4)).toStrictEqual(["last", "unfinished", "first", "new"]);
  });

  test("goes on where it was after a restart, without repeating", async () => {
    await follow();
    appendFileSync(file, "told\n");
    expect(await first(1)).toStrictEqual(["told"]);
    await bench.stop();
    appendFileSync(file, "meanwhile\n");
    bench.start(sensor);
    expect(await first(2)).toStrictEqual(["told", "meanwhile"]);
    appendFileSync(file, "after\n");
    expect(await first(3)).toStrictEqual(["told", "meanwhile", "after"]);
  });
});
