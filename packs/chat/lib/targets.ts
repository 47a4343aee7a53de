import { ActionFailed } from "raicho/pack";

export const kinds = ["slack", "mattermost", "teams", "xmpp", "irc"] as const;

export interface Target {
  readonly name: string;
  readonly kind: (typeof kinds)[number];
  readonly url?: string;
  readonly channel?: string;
  readonly host?: string;
  readonly port?: number;
  readonly tls?: boolean;
  readonly ca?: string;
  readonly jid?: string;
  readonly room?: string;
  readonly nick?: string;
  readonly password?: string;
}

export interface Config {
  readonly targets: readonly Target[];
}

export interface Message {
  readonly text: string;
  /** Undefined: into the room. */
  readonly user: string | undefined;
}

/** The target of that name; fails when nothing is configured or none has that name. */
export function targetOf({ targets = [] }: Partial<Config>, name: string): Target {
  const found = targets.find((target) => target.name === name);
  if (found !== undefined) return found;
  const names = targets.map((target) => target.name).join(", ");
  throw new ActionFailed(
    targets.length === 0
      ? "chat is not configured: set targets in <configs>/chat.yaml"
      : `chat has no target "${name}" in <configs>/chat.yaml; there are: ${names}`,
  );
}

/** A setting that this kind of target needs. */
export function needed(
  target: Target,
  setting: "url" | "host" | "channel" | "jid" | "room" | "password",
): string {
  const value = target[setting];
  if (value !== undefined && value !== "") return value;
  throw new ActionFailed(
    `chat: the target "${target.name}" (${target.kind}) in <configs>/chat.yaml needs ${setting}`,
  );
}
