/** Work of one name, one after the other within this process. Who waits in the ledger for a lock holds a connection meanwhile, of which there are few: a storm about one
 * alert would leave none for anything else. */
export class Lanes {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Resolves or rejects as `work` does, which begins when all before it under that name have ended. */
  async run<Result>(name: string, work: () => Promise<Result>): Promise<Result> {
    const before = this.#last.get(name) ?? Promise.resolve();
    const mine = before.then(work);
    const ended = mine.then(
      () => undefined,
      () => undefined,
    );
    this.#last.set(name, ended);
    try {
      return await mine;
    } finally {
      if (this.#last.get(name) === ended) this.#last.delete(name);
    }
  }

  /** Names under which something is done or waits. */
  get size(): number {
    return this.#last.size;
  }
}
