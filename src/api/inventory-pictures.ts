/** Racks and cables as pictures: below `/api/v2/inventory`. */
import type { Response } from "express";
import { rackPicture, trace } from "../engine/inventory-picture.ts";
import { badRequest } from "../inventory/problem.ts";
import { rackSvg } from "../inventory/rack-picture.ts";
import { traceSvg } from "../inventory/trace-picture.ts";
import { shown } from "../inventory/validate.ts";
import { queryText } from "./inventory-requests.ts";
import { inventoryOf } from "./inventory-view.ts";
import type { Routes } from "./routes.ts";

/** A picture is shown, nothing in it runs. */
function sendSvg(response: Response, svg: string): void {
  response.setHeader(
    "Content-Security-Policy",
    "default-src 'none'; style-src 'unsafe-inline'; sandbox",
  );
  response.type("image/svg+xml").send(svg);
}

const faces = { front: ["front"], rear: ["rear"], both: ["front", "rear"] } as const;

function facesOf(given = "both"): readonly ("front" | "rear")[] {
  if (given === "front" || given === "rear" || given === "both") return faces[given];
  throw badRequest(`face is ${shown(given)}; expected front, rear or both`);
}

export function pictureRoutes(router: Routes): void {
  router.about({
    summary: "What stands where in a rack, as SVG",
    query: {
      face: "front, rear or both, which is the default.",
      link: "Where entries are shown, before their ids, so that each device is a link.",
    },
  });
  router.get("/entries/:id/elevation.svg", "inventory_view", async (request, response) => {
    const wanted = facesOf(queryText(request, "face"));
    const link = queryText(request, "link") ?? "";
    if (!/^(?:https?:\/\/|\/|#|$)/.test(link))
      throw badRequest(`link is ${shown(link)}; expected a path or an http address`);
    sendSvg(
      response,
      rackSvg(await rackPicture(inventoryOf(response), request.params.id, link), wanted),
    );
  });
  router.about({ summary: "What stands where in a rack" });
  router.get("/entries/:id/elevation", "inventory_view", async (request, response) => {
    const { link: _, ...rack } = await rackPicture(inventoryOf(response), request.params.id, "");
    response.json(rack);
  });
  router.about({ summary: "The way of a cable from a port to the far end" });
  router.get("/entries/:id/trace", "inventory_view", async (request, response) => {
    response.json(await trace(inventoryOf(response), request.params.id));
  });
  router.about({ summary: "The way of a cable from a port to the far end, as SVG" });
  router.get("/entries/:id/trace.svg", "inventory_view", async (request, response) => {
    const { start, hops } = await trace(inventoryOf(response), request.params.id);
    sendSvg(response, traceSvg(start, hops));
  });
}
