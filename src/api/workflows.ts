/** `POST /workflows/inspect`: a definition as text. */
import express from "express";
import { inspectText } from "../engine/inspection.ts";
import type { Door } from "./door.ts";
import { refusal } from "./query.ts";
import { Routes } from "./routes.ts";

export function workflowRoutes({ core }: Door): Routes {
  const router = new Routes();
  router.post(
    "/workflows/inspect",
    "signed in",
    express.text({ type: () => true, limit: "1mb" }),
    (request, response) => {
      const body: unknown = request.body;
      if (typeof body !== "string" || body.trim() === "")
        throw refusal("The spec cannot be type of None.");
      response.json(inspectText(core, body));
    },
  );
  return router;
}
