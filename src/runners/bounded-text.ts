/** Collects decoded output up to a number of characters; what is beyond is counted, not kept. */
export interface BoundedText {
  /** Returns what of these bytes is new text inside the bound. */
  add(bytes: Uint8Array): string;
  /** All kept text; call once, after the last `add`. */
  end(): string;
  readonly cut: boolean;
}

export function boundedText(limit: number): BoundedText {
  const decoder = new TextDecoder();
  const parts: string[] = [];
  let length = 0;
  let cut = false;
  const take = (text: string): string => {
    const kept = text.slice(0, limit - length);
    if (kept.length < text.length) cut = true;
    length += kept.length;
    if (kept !== "") parts.push(kept);
    return kept;
  };
  return {
    add: (bytes) => take(decoder.decode(bytes, { stream: true })),
    end() {
      take(decoder.decode());
      return parts.join("");
    },
    get cut() {
      return cut;
    },
  };
}
