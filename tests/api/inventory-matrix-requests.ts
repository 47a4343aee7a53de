/** What the access matrix asks of every route that tells of the inventory. */
import type { MatrixSite } from "./inventory-matrix-site.ts";

export interface Asked {
  readonly path: string;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}
type Requests = (site: MatrixSite) => readonly Asked[];

const entries = ({ ids }: MatrixSite): readonly string[] => Object.values(ids);
const each = (tail: string, body?: unknown): Requests => {
  return (site) => entries(site).map((id) => ({ path: `/entries/${id}${tail}`, body }));
};
const attributes = [
  "name",
  "open",
  "secret",
  "mail",
  "zone",
  "due",
  "owner",
  "shelf.secret",
  "owner.mail",
];
export const types = ["Box", "Shelf", "Keeper", "Rack", "Device", "Interface", "Cable"];
const few = types.slice(0, 3);
const get =
  (...paths: readonly string[]): Requests =>
  () =>
    paths.map((path) => ({ path }));
/** What documents say today: every word in every place where one may ask for something. */
const currentOf = ({ markers }: MatrixSite): MatrixSite["markers"] =>
  markers.filter(({ current, attribute }) => current && attribute !== "due");
const words =
  (asking: (word: string) => Asked): Requests =>
  (site) =>
    currentOf(site).map(({ word }) => asking(word));
const planted = (
  site: MatrixSite,
  kind: keyof MatrixSite["planted"],
  path: (id: string) => string,
): readonly Asked[] => site.planted[kind].map((id) => ({ path: path(id), body: undefined }));
const eachPlanted =
  (kind: keyof MatrixSite["planted"], path: (id: string) => string, body: unknown = {}): Requests =>
  (site) =>
    planted(site, kind, path).map((asked) => ({ ...asked, body }));
const moment = (): string => encodeURIComponent(new Date().toISOString());

/** Answers that hold no value of any entry, whoever asks. */
export const silent: ReadonlySet<string> = new Set([
  "get /types",
  "get /types/:type",
  "get /types/:type/definition",
  "get /types/:type/history",
  "get /sources",
  "get /migrations",
  "get /available",
]);

export const reading: Readonly<Record<string, Requests>> = {
  "get /access": (site) => [
    { path: "/access" },
    ...types.flatMap((type) => [
      { path: `/access?type=${type}` },
      { path: `/access?type=${type}&attribute=secret` },
    ]),
    ...entries(site).map((id) => ({ path: `/access?entry=${id}` })),
    ...currentOf(site).map(({ word }) => ({ path: `/access?type=Box&entry=${word}` })),
  ],
  "get /filters": get("/filters"),
  "get /filters/:name": get("/filters/hiding", "/filters/boxes", "/filters/none"),
  "get /filters/:name/history": get("/filters/hiding/history"),
  "get /entries/:id/members": each("/members"),
  "get /types": get("/types"),
  "get /types/:type/definition": get("/types/Box/definition", "/types/Shelf/definition"),
  "get /types/:type/history": get("/types/Box/history", "/types/Keeper/history"),
  "get /types/:type": get("/types/Box", "/types/Shelf", "/types/Keeper"),
  "get /entries": () => [
    { path: "/entries?limit=1000" },
    { path: `/entries?limit=1000&at=${moment()}` },
    ...types.flatMap((type) => [{ path: `/entries?type=${type}&count=true` }]),
    ...attributes.flatMap((name) =>
      few.map((type) => ({
        path: `/entries?type=${type}&sort=${name}&select=${name}&facets=${name}`,
      })),
    ),
  ],
  "post /search": (site) => [
    { path: "/search", body: { select: ["name"], facets: ["type"], count: true } },
    ...few.flatMap((type) =>
      attributes.map((path) => ({
        path: "/search",
        body: { type, where: { path, op: "exists" }, select: [path] },
      })),
    ),
    ...currentOf(site).map(({ word }) => ({ path: "/search", body: { text: word } })),
    { path: "/search", body: { filter: "hiding", count: true } },
    { path: "/search", body: { filter: "boxes", select: ["open", "secret"] } },
    { path: "/search", body: { where: { not: { $filter: "hiding" } } } },
    { path: "/search", body: { type: "Shelf", select: ["<Box.shelf.secret", "<Box.shelf.open"] } },
    {
      path: "/search",
      body: { type: "Box", where: { path: "secret", op: "duplicated", value: false } },
    },
  ],
  "get /entries/:id": each(""),
  "get /entries/:id/history": each("/history"),
  "get /entries/:id/diff": (site) =>
    entries(site).flatMap((id) => [
      { path: `/entries/${id}/diff?from=1` },
      { path: `/entries/${id}/diff?from=2&to=1` },
    ]),
  "get /entries/:id/versions/:version": (site) =>
    entries(site).flatMap((id) =>
      [1, 2, 3].map((version) => ({ path: `/entries/${id}/versions/${version}` })),
    ),
  "get /entries/:id/at/:moment": (site) =>
    entries(site).map((id) => ({ path: `/entries/${id}/at/${moment()}` })),
  "get /entries/:id/impact": each("/impact"),
  "get /changesets": get("/changesets?limit=1000", "/changesets?actor=matrix"),
  "get /changesets/:id": (site) => site.changesets.map((id) => ({ path: `/changesets/${id}` })),
  "get /available": (site) =>
    ["ShelfA", "ShelfB"].map((name) => ({
      path: `/available?type=Box&from=${site.ids[name] ?? ""}`,
    })),
  "get /ansible": get(
    "/ansible",
    "/ansible?type=Box&group_by=zone,secret,shelf.secret",
    "/ansible?type=Box&group_by=open",
  ),
  "get /suggest": words((word) => ({ path: `/suggest?type=Box&q=${word}` })),
  "get /hosts": words((word) => ({ path: `/hosts?q=${word}` })),
  "get /owners": (site) =>
    [...currentOf(site).map(({ word }) => word), ...entries(site)].map((host) => ({
      path: `/owners?host=${host}`,
    })),
  "get /sources": get("/sources"),
  "get /imports/:id": (site) => planted(site, "imports", (id) => `/imports/${id}`),
  "get /imports/:id/rows": (site) => planted(site, "imports", (id) => `/imports/${id}/rows`),
  "get /entries/:id/elevation": each("/elevation"),
  "get /entries/:id/elevation.svg": each("/elevation.svg"),
  "get /entries/:id/trace": each("/trace"),
  "get /entries/:id/trace.svg": each("/trace.svg"),
  "post /export": () => types.map((type) => ({ path: "/export", body: { type, format: "csv" } })),
  "post /render": (site) => [
    ...entries(site).map((id) => ({
      path: "/render",
      body: { id, template: "{{ entry }} {{ entry.secret }} {{ entry.shelf }}" },
    })),
    { path: "/render", body: { template: "{{ all }}", queries: { all: { type: "Box" } } } },
  ],
  "get /entries/:id/claims": each("/claims"),
  "get /drifts": get(
    "/drifts?limit=1000",
    "/drifts?state=rejected,holding,conflict,ignored&limit=1000",
    "/drifts?attribute=secret&limit=1000",
  ),
  "get /changes": get("/changes?limit=1000", "/changes?state=blocked"),
  "get /changes/:id": (site) => planted(site, "changes", (id) => `/changes/${id}`),
  "get /conflicts": get("/conflicts"),
  "get /imports": get("/imports"),
  "get /migrations": get("/migrations"),
  "get /types/:type/misfits": get("/types/Box/misfits", "/types/Shelf/misfits"),
  "get /export": get("/export?type=Box&format=csv", "/export?type=Shelf&format=csv"),
  "get /breakers": get("/breakers?all=true"),
  "get /expiring": get("/expiring?days=3650", "/expiring?days=3650&type=Box"),
};

/** Writes: what they answer, also when they fail, tells nothing. Those of a single entry are tried with each attribute below. */
export const writing: Readonly<Record<string, Requests>> = {
  "put /types/:type": () => [{ path: "/types/Box", body: { definition: { type: "Box" } } }],
  "patch /types/:type": () => [
    { path: "/types/Box", body: { definition: { attributes: { secret: null } }, dry_run: true } },
  ],
  "delete /types/:type": () => [{ path: "/types/Box", body: { dry_run: true } }],
  "post /filters": (site) =>
    currentOf(site).map(({ word }) => ({
      path: "/filters",
      body: { name: "probe", type: "Box", where: { path: "shelf.secret", op: "eq", value: word } },
    })),
  "put /filters/:name": () => [
    { path: "/filters/hiding", body: { type: "Box", where: { secret: "x" }, shared: true } },
    { path: "/filters/probe", body: { where: { $filter: "hiding" } } },
  ],
  "delete /filters/:name": () => [{ path: "/filters/hiding" }, { path: "/filters/probe" }],
  "post /entries": (site) =>
    currentOf(site).flatMap(({ word }) => [
      {
        path: "/entries",
        body: { type: "Box", attributes: { name: "fresh", secret: word, zone: "z" } },
      },
      {
        path: "/entries",
        body: { type: "Box", attributes: { name: "fresh", shelf: { secret: word }, zone: "z" } },
      },
      {
        path: "/entries",
        body: { type: "Box", attributes: { name: "fresh", shelf: word, zone: "z" } },
      },
    ]),
  "patch /entries/:id": (site) =>
    entries(site).flatMap((id) => [
      { path: `/entries/${id}`, body: { attributes: { nonsense: 1 } } },
      {
        path: `/entries/${id}`,
        body: { attributes: { secret: "probe" } },
        headers: { "if-match": '"1"' },
      },
    ]),
  "delete /entries/:id": each("", {}),
  "post /entries/:id/restore": each("/restore", {}),
  "post /entries/:id/revert": each("/revert", { version: 1 }),
  "post /changesets/:id/revert": (site) =>
    site.changesets.map((id) => ({ path: `/changesets/${id}/revert`, body: {} })),
  "post /upsert": (site) => [
    {
      path: "/upsert",
      body: {
        items: currentOf(site).flatMap(({ word }) => [
          { type: "Box", match: [["secret"]], set: { secret: word, name: "upserted" } },
          { type: "Box", match: [["name"]], set: { name: word, secret: "probe" } },
        ]),
      },
    },
  ],
  "post /allocate": (site) =>
    ["ShelfA", "ShelfB"].map((name) => ({
      path: "/allocate",
      body: { type: "Box", from: site.ids[name], set: { name: "taken" } },
    })),
  "post /entries/:id/clone": each("/clone", { dry_run: true }),
  "post /imports": () => [{ path: "/imports", body: { files: [] } }],
  "post /imports/:id/decisions": eachPlanted("imports", (id) => `/imports/${id}/decisions`, {
    decisions: [{ type: "Box", attribute: "secret", take: "document" }],
  }),
  "post /imports/:id/commit": eachPlanted("imports", (id) => `/imports/${id}/commit`),
  "post /imports/:id/revert": eachPlanted("imports", (id) => `/imports/${id}/revert`),
  "delete /imports/:id": eachPlanted("imports", (id) => `/imports/${id}`),
  "post /claims": (site) =>
    currentOf(site).map(({ word, entry }) => ({
      path: "/claims",
      body: {
        source: "probe",
        items: [
          { type: "Box", id: site.ids[entry], set: { secret: word, open: word } },
          { type: "Box", set: { name: `${entry}-name`, secret: word } },
          { type: "Box", set: { secret: word, open: "x" } },
        ],
      },
    })),
  "post /pushes": (site) =>
    currentOf(site).map(({ word, entry }) => ({
      path: "/pushes",
      body: {
        source: "probe",
        items: [
          { type: "Box", id: site.ids[entry], set: { secret: word } },
          { type: "Box", set: { secret: word, open: "x" } },
        ],
      },
    })),
  "post /changes": (site) =>
    entries(site).map((id) => ({
      path: "/changes",
      body: { title: "probe", items: [{ id, attributes: { secret: "x" } }] },
    })),
  "post /changes/:id/approve": eachPlanted("changes", (id) => `/changes/${id}/approve`),
  "post /changes/:id/refuse": eachPlanted("changes", (id) => `/changes/${id}/refuse`),
  "post /changes/:id/cancel": eachPlanted("changes", (id) => `/changes/${id}/cancel`),
  "post /changes/:id/apply": eachPlanted("changes", (id) => `/changes/${id}/apply`),
  "post /changes/:id/rebase": eachPlanted("changes", (id) => `/changes/${id}/rebase`),
  "post /drifts/decide": () => [
    { path: "/drifts/decide", body: { decision: "reject", where: { state: "drift" } } },
    { path: "/drifts/decide", body: { decision: "approve", where: { attribute: "secret" } } },
  ],
  "post /drifts/:id/approve": eachPlanted("drifts", (id) => `/drifts/${id}/approve`),
  "post /drifts/:id/reject": eachPlanted("drifts", (id) => `/drifts/${id}/reject`),
  "post /drifts/:id/enforce": eachPlanted("drifts", (id) => `/drifts/${id}/enforce`),
  "post /conflicts/:entry/:attribute/resolve": (site) =>
    entries(site).map((id) => ({
      path: `/conflicts/${id}/secret/resolve`,
      body: { take: "document" },
    })),
  "post /breakers/:id/reset": eachPlanted("breakers", (id) => `/breakers/${id}/reset`),
  "post /reindex": () => [{ path: "/reindex", body: {} }],
  "post /entries/:id/expiry/:attribute/acknowledge": each("/expiry/due/acknowledge", {}),
};

/** Of StackStorm's API: what tells of the inventory's events. */
export const events: Readonly<Record<string, Requests>> = {
  "get /v1/triggerinstances": get("/v1/triggerinstances?limit=100&include_payload=true"),
  "get /v1/triggerinstances/:id": (site) =>
    site.instances.map((id) => ({ path: `/v1/triggerinstances/${id}` })),
};
