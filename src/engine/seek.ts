/** Actions that others know already. After a reload one process has read the content before another: an execution may arrive where its action is not known yet. */

/** How long an action that was sought in vain is not sought again. */
const vainMs = 5_000;
const mostRemembered = 1_000;

export interface SeekGround {
  readonly known: (action: string) => boolean;
  /** Reads the content again. */
  readonly read: () => Promise<unknown>;
  /** Milliseconds of a clock that never goes back. */
  readonly clock: () => number;
}

/** Reads the content again for an action that is not known here, once for all who ask meanwhile. Resolves when it is known or is nowhere; never rejects. */
export function seeker({ known, read, clock }: SeekGround): (action: string) => Promise<void> {
  const inVain = new Map<string, number>();
  let reading: Promise<unknown> | undefined;
  return async (action) => {
    if (known(action)) return;
    const since = inVain.get(action);
    if (since !== undefined && clock() - since < vainMs) return;
    reading ??= read()
      .catch(() => undefined)
      .finally(() => void (reading = undefined));
    await reading;
    if (known(action)) return;
    if (inVain.size >= mostRemembered) inVain.clear();
    inVain.set(action, clock());
  };
}
