import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "./eventually.ts";
import { freePort } from "./haproxy.ts";

export interface Slapd {
  readonly url: string;
  stop(): Promise<void>;
}

const entries = `
dn: dc=example,dc=com
objectClass: dcObject
objectClass: organization
o: Example
dc: example

dn: cn=reader,dc=example,dc=com
objectClass: organizationalRole
objectClass: simpleSecurityObject
cn: reader
userPassword: reads-only

dn: uid=hana,dc=example,dc=com
objectClass: inetOrgPerson
uid: hana
cn: 山田 花
sn: 山田
userPassword: さくら-and-rain

dn: uid=sora,dc=example,dc=com
objectClass: inetOrgPerson
uid: sora
cn: Sora
sn: Sora
userPassword: clear-sky-above

dn: cn=operators,dc=example,dc=com
objectClass: groupOfNames
cn: operators
member: uid=hana,dc=example,dc=com
`;

function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1");
    socket.once("connect", () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", () => resolve(false));
  });
}

/** Debian's OpenLDAP with two people and a group; anonymous callers see nothing. */
export async function startSlapd(): Promise<Slapd> {
  const folder = mkdtempSync(join(tmpdir(), "raicho-slapd-"));
  const data = join(folder, "data");
  mkdirSync(data);
  const configuration = join(folder, "slapd.conf");
  writeFileSync(
    configuration,
    [
      ...["core", "cosine", "inetorgperson"].map(
        (name) => `include /etc/ldap/schema/${name}.schema`,
      ),
      "modulepath /usr/lib/ldap",
      "moduleload back_mdb",
      "database mdb",
      'suffix "dc=example,dc=com"',
      `directory ${data}`,
      "access to attrs=userPassword by anonymous auth by * none",
      'access to * by dn.exact="cn=reader,dc=example,dc=com" read by anonymous auth by * none',
      "",
    ].join("\n"),
  );
  writeFileSync(join(folder, "entries.ldif"), entries);
  execFileSync("slapadd", ["-f", configuration, "-l", join(folder, "entries.ldif")]);
  const port = await freePort();
  const url = `ldap://127.0.0.1:${port}`;
  const child = spawn("slapd", ["-d", "0", "-f", configuration, "-h", url], { stdio: "ignore" });
  await eventually("slapd to listen", async () => (await answers(port)) || undefined);
  return {
    url,
    stop: async () => {
      const ended = once(child, "exit");
      child.kill("SIGTERM");
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
