/** Syntax tree of YAQL. */
export type Node =
  /** A literal; `keyword` for a bare word, which is a string that may also name a property. */
  | { readonly kind: "constant"; readonly value: unknown; readonly keyword: boolean }
  | { readonly kind: "variable"; readonly name: string }
  | { readonly kind: "call"; readonly name: string; readonly args: readonly Argument[] }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: Node;
      readonly right: Node;
    }
  | { readonly kind: "unary"; readonly operator: string; readonly operand: Node }
  | { readonly kind: "index"; readonly target: Node; readonly args: readonly Argument[] }
  | { readonly kind: "list"; readonly args: readonly Argument[] }
  | { readonly kind: "map"; readonly args: readonly Argument[] }
  | { readonly kind: "wrap"; readonly inner: Node };

/** An argument; a skipped one (`f(,1)`) takes the parameter's default. */
export type Argument =
  | Node
  | { readonly kind: "skipped" }
  | { readonly kind: "rule"; readonly source: Node; readonly destination: Node };
