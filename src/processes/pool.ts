/** A pool of killable children with deadlines, for work that must never hold up the server. */
import { startChild, type Child, type ChildOptions } from "./child-process.ts";
import {
  CallFailed,
  ChildCrashed,
  ChildNotStarted,
  DeadlineExceeded,
  OutputTooLarge,
  PoolClosed,
  QueueFull,
} from "./pool-errors.ts";
import { jsonNumber } from "./ask.ts";
import { isObject } from "../model/json.ts";

export interface PoolOptions {
  /** Module that the children load, and its exported function `(request) => response | Promise<response>`; JSON both ways. */
  readonly module: URL;
  readonly export: string;
  /** Children at once; they are started when they are needed. */
  readonly size: number;
  /** Milliseconds that one call may take, not counting the start of a child. */
  readonly deadlineMs: number;
  /** Heap of one child. */
  readonly memoryMb: number;
  /** For messages. */
  readonly name: string;
  /** Calls that may wait; 1,000 by default. */
  readonly queue?: number;
  /** Bytes of one answer; 1 MB by default. */
  readonly outputBytes?: number;
}

export interface ChildPool<Request, Response> {
  /** Rejects with DeadlineExceeded (ChildNotStarted when the child never ran), ChildCrashed, OutputTooLarge, CallFailed (the function threw), QueueFull or PoolClosed. */
  call(request: Request, options?: { readonly deadlineMs?: number }): Promise<Response>;
  /** Kills the children; calls under way reject with PoolClosed. */
  close(): Promise<void>;
}

interface Job<Response> {
  readonly line: string;
  readonly deadlineMs: number;
  resolve(value: Response): void;
  reject(error: Error): void;
}

interface Member<Response> {
  readonly child: Child;
  ready: boolean;
  job: Job<Response> | undefined;
  timer: NodeJS.Timeout | undefined;
}

const bootMs = 30_000;
const megabyte = 1_000_000;

export function childPool<Request, Response>(options: PoolOptions): ChildPool<Request, Response> {
  const pool = new Pool<Response>(options);
  return {
    call: (request, { deadlineMs = options.deadlineMs } = {}) =>
      new Promise<Response>((resolve, reject) => {
        pool.add({
          line: JSON.stringify(request, jsonNumber),
          deadlineMs,
          resolve,
          reject,
        });
      }),
    async close() {
      pool.close();
    },
  };
}

class Pool<Response> {
  readonly #options: PoolOptions;
  readonly #members = new Set<Member<Response>>();
  readonly #waiting: Job<Response>[] = [];
  #closed = false;

  constructor(options: PoolOptions) {
    this.#options = options;
  }

  add(job: Job<Response>): void {
    if (this.#closed) return job.reject(new PoolClosed(this.#say("is closed")));
    const { queue = 1000 } = this.#options;
    if (this.#waiting.length >= queue) {
      return job.reject(new QueueFull(this.#say(`has ${queue} calls waiting already`)));
    }
    this.#waiting.push(job);
    this.#dispatch();
  }

  close(): void {
    this.#closed = true;
    for (const member of this.#members) this.#end(member, new PoolClosed(this.#say("was closed")));
    for (const job of this.#waiting.splice(0)) job.reject(new PoolClosed(this.#say("was closed")));
  }

  #say(text: string): string {
    return `${this.#options.name} ${text}`;
  }

  #dispatch(): void {
    for (const member of this.#members) {
      const job = member.job === undefined ? this.#waiting.shift() : undefined;
      if (job !== undefined) this.#assign(member, job);
    }
    while (this.#waiting.length > 0 && this.#members.size < this.#options.size) {
      const job = this.#waiting.shift();
      if (job !== undefined) this.#assign(this.#start(), job);
    }
  }

  #start(): Member<Response> {
    const { module, memoryMb, outputBytes = megabyte } = this.#options;
    const childOptions: ChildOptions = {
      module,
      export: this.#options.export,
      memoryMb,
      outputBytes,
    };
    const member: Member<Response> = {
      child: startChild(childOptions, {
        line: (text) => this.#heard(member, text),
        ended: (reason) =>
          this.#end(member, new ChildCrashed(this.#say(`lost its child: ${reason}`))),
      }),
      ready: false,
      job: undefined,
      timer: undefined,
    };
    this.#members.add(member);
    return member;
  }

  #assign(member: Member<Response>, job: Job<Response>): void {
    member.job = job;
    member.child.send(job.line);
    this.#watch(member, member.ready ? job.deadlineMs : bootMs);
  }

  #watch(member: Member<Response>, ms: number): void {
    clearTimeout(member.timer);
    member.timer = setTimeout(() => {
      const error = member.ready
        ? new DeadlineExceeded(this.#say(`did not answer within ${ms} ms`))
        : new ChildNotStarted(this.#say(`did not start within ${ms} ms`));
      this.#end(member, error);
    }, ms);
  }

  #heard(member: Member<Response>, text: string): void {
    const message = parsed<Response>(text);
    const { job } = member;
    if (message === undefined) {
      this.#end(member, new ChildCrashed(this.#say("heard something else than an answer")));
    } else if (message.ready === true) {
      member.ready = true;
      if (job !== undefined) this.#watch(member, job.deadlineMs);
    } else {
      clearTimeout(member.timer);
      member.job = undefined;
      if (message.error === undefined) job?.resolve(message.value);
      else job?.reject(failure(message.error));
      this.#dispatch();
    }
  }

  #end(member: Member<Response>, error: Error): void {
    if (!this.#members.delete(member)) return;
    clearTimeout(member.timer);
    member.child.kill();
    member.job?.reject(error);
    if (!this.#closed) this.#dispatch();
  }
}

interface Message<Response> {
  readonly ready?: true;
  /** The module that was handed in decides what it answers. */
  readonly value: Response;
  readonly error?: { readonly name: string; readonly message: string };
}

function parsed<Response>(text: string): Message<Response> | undefined {
  try {
    const message: Message<Response> = JSON.parse(text);
    return isObject(message) ? message : undefined;
  } catch {
    return undefined;
  }
}

function failure({ name, message }: { readonly name: string; readonly message: string }): Error {
  return name === "OutputTooLarge" ? new OutputTooLarge(message) : new CallFailed(message, name);
}
