/** What stands behind the backticks of a block: `check host=web01 timeout=10`, `action dns.add name="dns entry"`. */
export interface Info {
  readonly words: readonly string[];
  readonly options: ReadonlyMap<string, string>;
}

const token = /([A-Za-z_][\w-]*)=(?:"([^"]*)"|(<\$.*?\$>|\S*))|(\S+)/g;

export function readInfo(info: string): Info {
  const words: string[] = [];
  const options = new Map<string, string>();
  for (const [, key, quoted, bare, word] of info.matchAll(token))
    if (key !== undefined) options.set(key, quoted ?? bare ?? "");
    else if (word !== undefined) words.push(word);
  return { words, options };
}
