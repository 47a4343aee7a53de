/** StackStorm's three ports: its clients know one for the API, one for tokens, one for streams. */
import type { RequestListener } from "node:http";

/** The door as that service on a port of its own: `/tokens` and `/v1/tokens` are `/auth/tokens` and `/auth/v1/tokens`. */
export function asService(door: RequestListener, service: "auth" | "stream"): RequestListener {
  const prefix = `/${service}`;
  return (request, response) => {
    const url = request.url ?? "/";
    if (!/^\/(?:livez|readyz)$/.test(url) && !url.startsWith(`${prefix}/`))
      request.url = prefix + url;
    door(request, response);
  };
}
