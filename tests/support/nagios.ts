/** A real Nagios with one host and a directory of objects; it takes commands by its pipe. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";

export interface Nagios {
  readonly config: string;
  /** Directory of the objects' files. */
  readonly objects: string;
  /** The objects that it works with now. */
  loaded(): string;
  readonly objectCache: string;
  readonly commandFile: string;
  /** Says a command by the pipe, without its time. */
  command(text: string): void;
  /** What it knows of the state of everything; written every second. */
  status(): string;
  stop(): Promise<void>;
}

export interface NagiosOptions {
  /** More objects. */
  readonly objects?: string;
  /** Command lines of notifications; without them nobody is notified. */
  readonly notify?: { readonly host: string; readonly service: string };
}

const nobody = { host: "/bin/true", service: "/bin/true" };

export async function startNagios(
  host: string,
  { objects = "", notify = nobody }: NagiosOptions = {},
): Promise<Nagios> {
  const [told, checks] = notify === nobody ? [0, 1] : [1, 0];
  const folder = mkdtempSync(join(tmpdir(), "raicho-nagios-"));
  chmodSync(folder, 0o777);
  const at = (name: string): string => join(folder, name);
  for (const name of ["objects", "spool", "rw", "archives"]) {
    mkdirSync(at(name));
    // As root it gives up its rights for those of a user of its own.
    chmodSync(at(name), 0o777);
  }
  writeFileSync(
    at("objects/base.cfg"),
    `define command {
  command_name check_http
  command_line /bin/true $ARG1$
}
define timeperiod {
  timeperiod_name always
  alias always
${["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"].map((day) => `  ${day} 00:00-24:00`).join("\n")}
}
define contact {
  contact_name sys
  host_notifications_enabled ${told}
  service_notifications_enabled ${told}
  host_notification_options d,u,r,f,s
  service_notification_options w,u,c,r,f,s
  host_notification_period always
  service_notification_period always
  host_notification_commands notify_host
  service_notification_commands notify_service
}
define command {
  command_name notify_host
  command_line ${notify.host}
}
define command {
  command_name notify_service
  command_line ${notify.service}
}
define host {
  host_name ${host}
  alias ${host}.auction
  address 127.0.0.1
  active_checks_enabled ${checks}
  notification_interval 0
  max_check_attempts 1
  check_period always
  notification_period always
  contacts sys
}
define service {
  name plain-service
  active_checks_enabled ${checks}
  notification_interval 0
  check_interval 60
  retry_interval 60
  max_check_attempts 1
  check_period always
  notification_period always
  contacts sys
  register 0
}
define service {
  use plain-service
  host_name ${host}
  service_description PING
  check_command check_http!x
}
${objects}`,
  );
  writeFileSync(
    at("nagios.cfg"),
    `log_file=${at("nagios.log")}
cfg_dir=${at("objects")}
object_cache_file=${at("objects.cache")}
precached_object_file=${at("objects.precache")}
status_file=${at("status.dat")}
check_external_commands=1
illegal_macro_output_chars=\`~$&|'"<>
status_update_interval=1
enable_notifications=1
execute_host_checks=1
command_file=${at("rw/nagios.cmd")}
lock_file=${at("nagios.pid")}
temp_file=${at("nagios.tmp")}
temp_path=${folder}
check_result_path=${at("spool")}
state_retention_file=${at("retention.dat")}
query_socket=${at("rw/nagios.qh")}
log_archive_path=${at("archives")}
event_broker_options=0
use_syslog=0
`,
  );
  const child = spawn("/usr/sbin/nagios4", [at("nagios.cfg")], { stdio: "ignore" });
  const ended = once(child, "exit");
  writeFileSync(at("nagios.pid"), `${child.pid ?? 0}\n`);
  const loaded = (): string =>
    existsSync(at("objects.cache")) ? readFileSync(at("objects.cache"), "utf8") : "";
  await eventually("Nagios", () => loaded().includes("PING") && existsSync(at("rw/nagios.cmd")));
  return {
    config: at("nagios.cfg"),
    objects: at("objects"),
    loaded,
    objectCache: at("objects.cache"),
    commandFile: at("rw/nagios.cmd"),
    command: (text) =>
      writeFileSync(at("rw/nagios.cmd"), `[${Math.floor(Date.now() / 1_000)}] ${text}\n`),
    status: () => (existsSync(at("status.dat")) ? readFileSync(at("status.dat"), "utf8") : ""),
    async stop() {
      child.kill("SIGKILL");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
