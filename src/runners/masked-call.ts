import type { MaskedStream, Masker } from "../model/secrets.ts";
import type { RunCall } from "./runner.ts";

export interface MaskedCall {
  readonly call: RunCall;
  /** Says what was held back because it could have been the beginning of a secret; to be called when the run is over. */
  readonly end: () => void;
}

/** The call, saying whatever it says without secrets, also those that come in pieces. */
export function maskedCall(call: RunCall, masker: Masker | undefined): MaskedCall {
  if (masker === undefined) return { call, end: () => undefined };
  const streams: Readonly<Record<"stdout" | "stderr", MaskedStream>> = {
    stdout: masker.stream(),
    stderr: masker.stream(),
  };
  const say = (stream: "stdout" | "stderr", text: string): void => {
    if (text !== "") call.emit(stream, text);
  };
  return {
    call: { ...call, emit: (stream, text) => say(stream, streams[stream].add(text)) },
    end: () => {
      say("stdout", streams.stdout.end());
      say("stderr", streams.stderr.end());
    },
  };
}
