/** Stage 1: which sub-tickets a request gets, and where their documents are. Checked by content/runbooks.ts, with places. */
import type { Tongue } from "./document.ts";

/** A text in the languages it is there in; at least one of them. */
export type Bilingual = Readonly<Partial<Record<Tongue, string>>>;

export interface SubTicket {
  readonly name: Bilingual;
  /** Path of the document in the repository. */
  readonly doc: string;
  /** JSONata: whether this request needs it; undefined = always. */
  readonly when: string | undefined;
  /** JSONata: names of the servers that check commands run on; undefined = those of the request. */
  readonly checksOn: string | undefined;
  /** Component of the sub-ticket; undefined = that of the request. */
  readonly component: string | undefined;
}

/** A kind of ticket that gets sub-tickets. */
export interface PreparedType {
  /** Name of the type, unique. */
  readonly request: string;
  readonly name: Bilingual;
  /** JSONata: which of the component's requests, or which alerts, are of this type; undefined = all of them. */
  readonly when: string | undefined;
  readonly subtickets: readonly SubTicket[];
}

export interface RequestType extends PreparedType {
  readonly component: string;
}

export interface Catalog {
  /** Undefined: any. */
  readonly components: readonly string[] | undefined;
  readonly requests: readonly RequestType[];
  /** What tickets of alerts get. */
  readonly alerts: readonly PreparedType[];
}

/** The text in that language, else in the other. */
export function inTongue(text: Bilingual, tongue: Tongue): string {
  return text[tongue] ?? text[tongue === "ja" ? "en" : "ja"] ?? "";
}
