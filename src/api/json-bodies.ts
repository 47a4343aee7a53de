/** JSON from outside. What nests too deep is refused before it is read: everything that walks through values (masks, prints, stores them) may then do so
 * by calling itself. */
import express, { type RequestHandler } from "express";
import type { IncomingHttpHeaders, IncomingMessage } from "node:http";
import { fault } from "./faults.ts";
import { refusal } from "./query.ts";

/** Far more than anybody writes; PostgreSQL and V8 give up at some thousands. */
const deepest = 500;
const sentence = `nested deeper than ${deepest} levels`;

const [quote, backslash] = [0x22, 0x5c];

/** Whether brackets nest too deep, as far as that can be told without reading it as JSON. */
function nestsTooDeep(length: number, at: (index: number) => number): boolean {
  if (length <= deepest) return false;
  let depth = 0;
  let inText = false;
  for (let index = 0; index < length; index++) {
    const byte = at(index);
    if (inText) {
      if (byte === backslash) index += 1;
      else if (byte === quote) inText = false;
    } else if (byte === quote) inText = true;
    else if (byte === 0x7b || byte === 0x5b) {
      depth += 1;
      if (depth > deepest) return true;
    } else if (byte === 0x7d || byte === 0x5d) depth -= 1;
  }
  return false;
}

/** `JSON.parse` with that bound. Throws SyntaxError. */
export function parseJson(text: string): unknown {
  if (nestsTooDeep(text.length, (index) => text.charCodeAt(index))) throw new SyntaxError(sentence);
  return JSON.parse(text);
}

const deep = new WeakSet<IncomingMessage>();

/** The parser of bodies; options as of `express.json`. */
export function jsonBodies(
  options: NonNullable<Parameters<typeof express.json>[0]>,
): RequestHandler {
  const parse = express.json({
    ...options,
    verify: (request, _response, bytes) => {
      if (nestsTooDeep(bytes.length, (index) => bytes[index] ?? 0)) deep.add(request);
    },
  });
  return (request, response, next) =>
    parse(request, response, (error?: unknown) => {
      if (error === undefined && deep.has(request))
        return next(refusal(`Failed to parse request body: ${sentence}`));
      return next(error);
    });
}

const json = /^application\/(?:[\w.+-]*\+)?json(?:$|[; ])/i;

/** Amazon SNS calls its JSON text/plain. No page of a stranger can send its header without asking first. */
function isNotification(headers: IncomingHttpHeaders): boolean {
  const { "x-amz-sns-message-type": kind, "content-type": type = "" } = headers;
  return kind !== undefined && /^text\/plain(?:$|[; ])/i.test(type);
}

/** Refuses bodies that call themselves something else than JSON, or one of `others`: those a browser sends to us without asking first. One without a name is
 * JSON, as in StackStorm, unless a page sent it. */
export function readable(others?: RegExp): RequestHandler {
  return (request, response, next) => {
    const {
      "content-type": type,
      "content-length": length,
      "transfer-encoding": coded,
      origin,
    } = request.headers;
    const empty = coded === undefined && (length === undefined || length === "0");
    const fits =
      type === undefined
        ? origin === undefined
        : json.test(type) || others?.test(type) === true || isNotification(request.headers);
    if (empty || fits) return next();
    return fault(
      response,
      400,
      `Failed to parse request body: Unsupported Content-Type: "${type ?? ""}"`,
    );
  };
}
