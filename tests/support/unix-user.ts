import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";

export interface UnixUser {
  readonly name: string;
  readonly password: string;
  remove(): void;
}

/** A user of this machine with a password, who may do anything with sudo, which asks for it. Needs root. */
export function unixUser(): UnixUser {
  const name = `raicho-${process.pid}`;
  const password = `pass word 'of' "${process.pid}"`;
  const sealed = execFileSync("openssl", ["passwd", "-6", "-stdin"], { input: password });
  const sudoers = `/etc/sudoers.d/${name}`;
  execFileSync("useradd", [
    "-M",
    "-d",
    "/tmp",
    "-s",
    "/bin/sh",
    "-p",
    sealed.toString().trim(),
    name,
  ]);
  writeFileSync(sudoers, `${name} ALL=(ALL) SETENV: ALL\n`, { mode: 0o440 });
  return {
    name,
    password,
    remove: () => {
      rmSync(sudoers, { force: true });
      execFileSync("userdel", ["-f", name], { stdio: "ignore" });
    },
  };
}
