/** Why a run has to stop before it is done. */
export interface Ending {
  readonly status: "canceled" | "timeout";
  readonly message: string;
}

export interface EndWatch {
  /** Resolves when the run has to stop; never when `release` came first. */
  readonly ended: Promise<Ending>;
  readonly ending: Ending | undefined;
  release(): void;
}

/** Watches the call's signal and its deadline. Timeouts use the monotonic clock of the timers. */
export function watchEnd(signal: AbortSignal, timeoutSeconds: number | undefined): EndWatch {
  let ending: Ending | undefined;
  let timer: NodeJS.Timeout | undefined;
  let onAbort: (() => void) | undefined;
  const ended = new Promise<Ending>((resolve) => {
    const end = (value: Ending): void => {
      ending ??= value;
      resolve(ending);
    };
    onAbort = () => end({ status: "canceled", message: reasonText(signal.reason) });
    if (signal.aborted) return onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    if (timeoutSeconds === undefined) return;
    const message = `Action failed to complete in ${timeoutSeconds} seconds`;
    timer = setTimeout(() => end({ status: "timeout", message }), timeoutSeconds * 1_000);
  });
  return {
    ended,
    get ending() {
      return ending;
    },
    release() {
      clearTimeout(timer);
      if (onAbort) signal.removeEventListener("abort", onAbort);
    },
  };
}

/** The call's deadline: what the engine set, or the `timeout` parameter, or the runner's default. Zero and less mean none. */
export function deadlineSeconds(
  timeoutSeconds: number | undefined,
  parameter: unknown,
  fallback: number,
): number | undefined {
  const asked = typeof parameter === "number" ? parameter : fallback;
  const seconds = timeoutSeconds === undefined ? asked : timeoutSeconds;
  return seconds > 0 ? Math.min(seconds, 2_000_000) : undefined;
}

function reasonText(reason: unknown): string {
  return reason instanceof Error ? reason.message : "The action was canceled.";
}
