/** The pack that the console is shown: something of everything it can touch. */
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { sensorClass } from "../support/python-sensor.ts";

const pixel =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const files: Readonly<Record<string, string | Buffer>> = {
  "pack.yaml": `ref: shop
name: shop
description: What the console is shown
version: 0.1.0
author: site
email: site@example.com
`,
  "icon.png": Buffer.from(pixel, "base64"),
  "config.schema.yaml": `region:
  description: Where it stands
  type: string
  required: true
retries:
  description: How often it is tried
  type: integer
  default: 3
password:
  description: Of the service
  type: string
  secret: true
`,
  "actions/count.yaml": `name: count
description: Counts aloud, one number a second
runner_type: local-shell-script
entry_point: count.sh
enabled: true
parameters:
  word:
    type: string
    description: What is said with every number
    required: true
    position: 0
  last:
    type: integer
    default: 2
    position: 1
  mood:
    type: string
    enum: [calm, hasty]
    default: calm
  twice:
    type: boolean
    default: false
  tags:
    type: array
    default: []
  extra:
    type: object
    default: {}
  password:
    type: string
    secret: true
`,
  "actions/count.sh": `#!/bin/sh
# Named parameters come first.
while [ "$#" -gt 2 ]; do shift; done
n=1
while [ "$n" -le "$2" ]; do echo "$1 $n"; sleep 1; n=$((n + 1)); done
`,
  "actions/deliver.yaml": `pack: shop
name: deliver
description: Two tasks, one after the other
runner_type: orquesta
entry_point: workflows/deliver.yaml
enabled: true
parameters:
  parcel:
    type: string
    default: books
`,
  "actions/workflows/deliver.yaml": `version: 1.0
description: Two tasks, one after the other
input:
  - parcel
tasks:
  pack_up:
    action: core.local cmd="echo <% ctx().parcel %>"
    next:
      - when: <% succeeded() %>
        do: send
  send:
    action: core.noop
output:
  - parcel: <% ctx().parcel %>
`,
  "actions/approve.yaml": `name: approve
description: Asks before it goes on
runner_type: orquesta
entry_point: workflows/approve.yaml
enabled: true
`,
  "actions/workflows/approve.yaml": `version: 1.0
tasks:
  ask:
    action: core.ask
    input:
      route: ops
      schema:
        type: object
        properties:
          reason:
            type: string
            description: Why
            required: true
          sure:
            type: boolean
            description: Whether this is meant
            required: true
    next:
      - publish: answer=<% result().response.reason %>
output:
  - answer: <% ctx(answer) %>
`,
  "sensors/clock.yaml": `class_name: Clock
entry_point: clock.py
description: Ticks once
enabled: true
trigger_types:
  - name: tick
    description: The clock ticked
    payload_schema:
      type: object
      properties:
        number:
          type: integer
          description: Which tick
`,
  "sensors/clock.py": sensorClass(
    {
      run: `
import time
self.sensor_service.dispatch(trigger="shop.tick", payload={"number": 1})
time.sleep(600)`,
    },
    { name: "Clock" },
  ),
  "rules/ticked.yaml": `name: ticked
description: Says that the clock ticked
enabled: true
trigger:
  type: shop.tick
criteria:
  trigger.number:
    type: gt
    pattern: 0
action:
  ref: core.local
  parameters:
    cmd: echo tick {{ trigger.number }}
`,
};

const offered: Readonly<Record<string, string>> = {
  "pack.yaml": `ref: gadget
name: gadget
description: What an index offers
version: 0.1.0
author: site
email: site@example.com
`,
  "actions/turn.yaml": `name: turn
description: Turns once
runner_type: local-shell-cmd
enabled: true
parameters:
  cmd:
    default: echo turned
    immutable: true
`,
};

/** Writes a pack into a repository of its own, in that directory, and an index that names it; answers the path of the index. */
export function writeIndex(directory: string): string {
  const repository = join(directory, "gadget");
  write(repository, offered);
  const git = (...args: readonly string[]): void =>
    void execFileSync("git", ["-C", repository, ...args], { stdio: "ignore" });
  git("init", "-b", "main");
  git("add", "-A");
  git("-c", "user.name=site", "-c", "user.email=site@example.com", "commit", "-m", "First");
  const pack = {
    ref: "gadget",
    name: "gadget",
    description: "What an index offers",
    version: "0.1.0",
    author: "site",
    email: "site@example.com",
    repo_url: pathToFileURL(repository).href,
    content: { actions: { count: 1, resources: ["turn"] } },
  };
  const index = join(directory, "index.json");
  writeFileSync(index, JSON.stringify({ packs: { gadget: pack } }));
  return index;
}

function write(directory: string, content: Readonly<Record<string, string | Buffer>>): void {
  for (const [name, text] of Object.entries(content)) {
    const path = join(directory, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
}

/** Writes the pack into a directory of packs of its own; answers that directory. */
export function writeSite(): string {
  const packs = mkdtempSync(join(tmpdir(), "raicho-st2web-"));
  write(join(packs, "shop"), files);
  return packs;
}
