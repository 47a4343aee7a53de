/** How a call of a killable child can fail. */

/** Did not answer in time; the child was killed. */
export class DeadlineExceeded extends Error {
  override readonly name = "DeadlineExceeded";
}

/** The child did not even start in time, so nothing is said about the request: the machine is too busy. */
export class ChildNotStarted extends DeadlineExceeded {}

/** The child ended during the call: out of memory, killed from outside, a fault of the runtime. */
export class ChildCrashed extends Error {
  override readonly name = "ChildCrashed";
}

/** The answer is larger than what is taken from a child. */
export class OutputTooLarge extends Error {
  override readonly name = "OutputTooLarge";
}

/** The called function threw; the message is its own. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
  /** Class of the error inside the child. */
  readonly original: string;
  constructor(message: string, original: string) {
    super(message);
    this.original = original;
  }
}

/** Too many calls wait already. */
export class QueueFull extends Error {
  override readonly name = "QueueFull";
}

export class PoolClosed extends Error {
  override readonly name = "PoolClosed";
}
