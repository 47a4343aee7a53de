/** What a call of the runner `packs` asks for. */
import type { InstallOptions } from "../installer/install.ts";
import { isObject } from "../model/json.ts";
import type { RunCall } from "../runners/runner.ts";

/** A parameter that is a list of texts. */
export function texts({ parameters }: RunCall, name: string): readonly string[] {
  const value: unknown = parameters[name];
  return Array.isArray(value) ? value.map(String) : [];
}

/** A parameter that is a text. */
export function text({ parameters }: RunCall, name: string): string {
  const value = parameters[name];
  return typeof value === "string" ? value : "";
}

/** Proxies of the configuration, and the variables of the call. */
function environmentOf({ config, parameters }: RunCall): Record<string, string> {
  const named = {
    http_proxy: config["http_proxy"],
    https_proxy: config["https_proxy"],
    no_proxy: config["no_proxy"],
    GIT_SSL_CAINFO: config["proxy_ca_bundle_path"],
    PIP_CERT: config["proxy_ca_bundle_path"],
    ...(parameters["verifyssl"] === false ? { GIT_SSL_NO_VERIFY: "true" } : {}),
    ...(isObject(parameters["env"]) ? parameters["env"] : {}),
  };
  return Object.fromEntries(
    Object.entries(named).flatMap(([name, value]) =>
      value === undefined || value === null || value === ""
        ? []
        : [[name, typeof value === "string" ? value : JSON.stringify(value)]],
    ),
  );
}

/** What the call says about how to install. */
export function optionsOf(call: RunCall): InstallOptions {
  const { parameters, signal } = call;
  const seconds = parameters["timeout"];
  return {
    base: "/",
    force: parameters["force"] === true,
    skipDependencies: parameters["skip_dependencies"] === true,
    environment: environmentOf(call),
    signal,
    ...(typeof seconds === "number" ? { seconds } : {}),
  };
}
