/**
 * `npm run demo`: the main job from the mail to the machine that is back, against what this machine has. JIRA is the strict fake of the
 * tests; HAProxy and BIND are real where they are installed. Everything lives in a temporary directory and is gone at the end.
 */
import { type Bind } from "./bind.ts";
import { eventually } from "./eventually.ts";
import type { Haproxy } from "./haproxy.ts";
import {
  alertOf,
  furnish,
  inquiries,
  machine,
  quiet,
  startCounterparts,
  stateAt,
  tickets,
} from "./main-job-site.ts";
import { nagiosMail } from "./monitor-mails.ts";
import { needs } from "./needs.ts";
import { type Raicho, removeHome, startRaicho, temporaryHome } from "./raicho.ts";

const target = machine(1);
let zero = performance.now();

function say(text: string): void {
  process.stdout.write(`${text}\n`);
}

/** Prints a step of the chain with the milliseconds since the mail was accepted. */
function step(name: string, detail: string): void {
  const ms = Math.round(performance.now() - zero);
  say(`  ${String(ms).padStart(6)} ms  ${name.padEnd(20)} ${detail}`);
}

async function status(raicho: Raicho): Promise<string> {
  const found = await raicho.get<{ host: { attributes: { status: string } } }>(
    `/api/v2/inventory/hosts?q=${target.host}`,
  );
  return found.host.attributes.status;
}

interface Stage {
  readonly raicho: Raicho;
  readonly haproxy: Haproxy | undefined;
  readonly bind: Bind | undefined;
  readonly jira: Parameters<typeof tickets>[0]["jira"];
}

/** Waits until the load balancer, the name server and the inventory show the machine in (or out of) service. */
async function watch({ raicho, haproxy, bind }: Stage, inService: boolean): Promise<void> {
  const state = inService ? "ready" : "drain";
  const balancer = async (): Promise<void> => {
    if (haproxy === undefined) return;
    await eventually(state, async () => (await stateAt(haproxy, target.server)) === state);
    step(inService ? "back in the pool" : "drained", `HAProxy says: web/${target.server} ${state}`);
  };
  const names = async (): Promise<void> => {
    if (bind === undefined) return;
    const wanted = inService ? target.address : "";
    await eventually("DNS", () => bind.dig(target.record, "A") === wanted);
    step(
      inService ? "record back" : "record gone",
      `BIND answers for ${target.record}: ${wanted === "" ? "nothing" : wanted}`,
    );
  };
  const inventory = async (): Promise<void> => {
    const wanted = inService ? "active" : "failed";
    await eventually("the inventory", async () => (await status(raicho)) === wanted);
    step("inventory", `${target.host} is ${wanted}`);
  };
  await Promise.all([balancer(), names(), inventory()]);
}

async function play(stage: Stage): Promise<void> {
  const { raicho } = stage;
  const at = new Date();
  const { code } = await raicho.send(nagiosMail({ at }));
  if (code !== 250) throw new Error(`the mail was not accepted: ${code}`);
  zero = performance.now();
  step("mail accepted", `Nagios: ${target.host}/HTTP is CRITICAL`);
  await eventually("the alert", async () => alertOf(raicho, target.host), { everyMs: 10 });
  step("alert", "GET /api/v2/alerts shows it");
  const ticket = await eventually("the ticket", () => tickets(stage)[0], { everyMs: 5 });
  step("ticket", `${ticket.key} for ${ticket.assignee ?? "nobody"}: ${ticket.summary}`);
  await watch(stage, false);
  await quiet(raicho);

  for (let minute = 1; minute <= 10; minute += 1)
    await raicho.send(nagiosMail({ at: new Date(at.getTime() + minute * 1_000) }));
  await quiet(raicho);
  const alert = await alertOf(raicho, target.host);
  step("ten repeats", `${tickets(stage).length} ticket, count ${alert?.count ?? 0}`);

  await raicho.send(nagiosMail({ type: "RECOVERY", at: new Date(at.getTime() + 60_000) }));
  step("recovery mail", `Nagios: ${target.host}/HTTP is OK`);
  const question = await eventually("the question", async () => (await inquiries(raicho))[0]);
  step("approval asked", `inquiry ${question.id}`);
  await raicho.ask(`/v1/inquiries/${question.id}`, {
    method: "PUT",
    body: { response: { continue: true } },
  });
  step("approved", `PUT /v1/inquiries/${question.id}`);
  await watch(stage, true);
  await quiet(raicho);
  say(`\nThe ticket ${ticket.key} tells the story:`);
  for (const comment of tickets(stage)[0]?.comments ?? [])
    say(`  - ${comment.replaceAll("\n", " ")}`);
}

async function demo(): Promise<void> {
  const installed = { haproxy: needs("haproxy"), bind: needs("named") && needs("dig") };
  const home = temporaryHome();
  const counterparts = await startCounterparts([target], installed);
  let raicho: Raicho | undefined;
  try {
    say("Raicho's main job, played in a temporary directory.");
    say(`  JIRA     replaced by the strict fake of the tests at ${counterparts.jira.url}`);
    say(
      `  HAProxy  ${installed.haproxy ? "the installed one" : 'not installed: the drain ends in "not configured" and the rest goes on'}`,
    );
    say(
      `  DNS      ${installed.bind ? "the installed BIND" : 'BIND is not installed: the withdrawal ends in "not configured" and the rest goes on'}`,
    );
    raicho = await startRaicho({ home, configs: counterparts.configs });
    say(`  Raicho   ${raicho.url}, ready after ${(raicho.readyMs / 1_000).toFixed(1)} s\n`);
    await furnish(raicho, [target], counterparts.bind);
    await play({ ...counterparts, raicho });
  } finally {
    await raicho?.stop();
    await counterparts.stop();
    removeHome(home);
  }
  say("\nEverything is stopped and removed.");
}

await demo();
