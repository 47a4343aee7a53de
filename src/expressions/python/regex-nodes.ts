/** The tree of a regular expression. */
export interface RegexFlags {
  readonly ignoreCase: boolean;
  readonly multiline: boolean;
  readonly dotAll: boolean;
  readonly verbose: boolean;
  readonly ascii: boolean;
}

export const noFlags: RegexFlags = {
  ignoreCase: false,
  multiline: false,
  dotAll: false,
  verbose: false,
  ascii: false,
};

export type SetItem =
  | { readonly from: number; readonly to: number }
  | { readonly category: string };

export type RegexNode =
  | { readonly kind: "char"; readonly code: number; readonly flags: RegexFlags }
  | { readonly kind: "any"; readonly flags: RegexFlags }
  | {
      readonly kind: "set";
      readonly negated: boolean;
      readonly items: readonly SetItem[];
      readonly flags: RegexFlags;
    }
  | { readonly kind: "anchor"; readonly anchor: string; readonly flags: RegexFlags }
  | { readonly kind: "group"; readonly index: number | undefined; readonly body: RegexNode }
  | { readonly kind: "look"; readonly open: string; readonly body: RegexNode }
  | { readonly kind: "back"; readonly index: number; readonly flags: RegexFlags }
  | {
      readonly kind: "repeat";
      readonly body: RegexNode;
      readonly min: number;
      readonly max: number;
      readonly lazy: boolean;
    }
  | { readonly kind: "sequence"; readonly items: readonly RegexNode[] }
  | { readonly kind: "choice"; readonly options: readonly RegexNode[] };

export interface ParsedRegex {
  readonly root: RegexNode;
  readonly groups: number;
  /** Group names → group numbers. */
  readonly names: ReadonlyMap<string, number>;
}

/** The nodes directly inside of one. */
export function childrenOf(node: RegexNode): readonly RegexNode[] {
  if (node.kind === "sequence") return node.items;
  if (node.kind === "choice") return node.options;
  return "body" in node ? [node.body] : [];
}
