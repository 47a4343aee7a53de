import { setImmediate as nextTurn } from "node:timers/promises";

const longMs = 8;

/** Long work of one process: now and then it lets others have the event loop, so that the door answers meanwhile. */
export class Stint {
  #since = performance.now();

  /** Whether it has lasted long enough to `rest`. */
  isLong(): boolean {
    return performance.now() - this.#since > longMs;
  }

  async rest(): Promise<void> {
    await nextTurn();
    this.#since = performance.now();
  }
}

type Work<Item> = (item: Item) => Promise<void> | undefined | void;

/** Does the work for each of them in order, with rests; a promise only when it takes long, or the work of one does. */
export function forEach<Item>(items: readonly Item[], work: Work<Item>): Promise<void> | undefined {
  const stint = new Stint();
  for (const [at, item] of items.entries()) {
    const slow = work(item);
    if (slow !== undefined || stint.isLong()) return goOn(items.slice(at + 1), work, slow);
  }
  return undefined;
}

async function goOn<Item>(
  items: readonly Item[],
  work: Work<Item>,
  first: Promise<void> | undefined | void,
): Promise<void> {
  const stint = new Stint();
  await (first ?? stint.rest());
  for (const item of items) {
    await work(item);
    if (stint.isLong()) await stint.rest();
  }
}
