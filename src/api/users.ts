/** `/api/v2/users`: accounts, and the password of oneself. */
import { hashPassword, passwordFits } from "../engine/auth.ts";
import { passwordFault } from "../engine/passwords.ts";
import { AppError } from "../model/errors.ts";
import type { JsonObject } from "../model/json.ts";
import {
  addAccount,
  changeAccount,
  findAccount,
  listAccounts,
  removeAccount,
  removeTokensOf,
  type StoredAccount,
} from "../store/accounts.ts";
import { bodyOf, textIn, textsIn } from "./bodies.ts";
import type { Door } from "./door.ts";
import { userOf } from "./guard.ts";
import { isoTime } from "./ids.ts";
import { refusal } from "./query.ts";
import { Routes } from "./routes.ts";

function view({
  name,
  roles,
  remote_roles,
  origin,
  disabled,
  created_at,
}: StoredAccount): JsonObject {
  return { name, roles, remote_roles, origin, disabled, created_at: isoTime(created_at) };
}

function checked(password: string, name: string): string {
  const fault = passwordFault(password, name);
  if (fault !== undefined) throw refusal(fault);
  return password;
}

const password = { type: "string", minLength: 8, maxLength: 1024 } as const;
const roles = { type: "array", items: { type: "string" } } as const;

async function existing({ core }: Door, name: string): Promise<StoredAccount> {
  const found = await findAccount(core.database.db, name);
  if (found === undefined) throw new AppError("NOT_FOUND", [`There is no user "${name}".`]);
  return found;
}

/** The roles of a body. Throws for one that is not there. */
async function rolesIn({ book }: Door, body: JsonObject): Promise<string[]> {
  const known = new Set((await book.roles()).map(({ name }) => name));
  const names = textsIn(body, "roles");
  const odd = names.find((name) => !known.has(name));
  if (odd !== undefined)
    throw refusal(`There is no role "${odd}": give one of ${[...known].join(", ")}`);
  return [...names];
}

export function userRoutes(door: Door): Routes {
  const { db } = door.core.database;
  const router = new Routes();
  const find = (name: string): Promise<StoredAccount> => existing(door, name);
  router.about({ summary: "All users" });
  router.get("/users", "admin", async (_request, response) => {
    response.json({ items: (await listAccounts(db)).map(view) });
  });
  router.about({ summary: "One user" });
  router.get("/users/:name", "admin", async (request, response) => {
    response.json(view(await find(request.params.name)));
  });
  router.about({
    summary: "Make a user",
    body: {
      type: "object",
      properties: { name: { type: "string" }, password, roles },
      required: ["name", "password"],
    },
  });
  router.post("/users", "admin", async (request, response) => {
    const body = bodyOf(request);
    const name = textIn(body, "name");
    if (!/^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,99}$/u.test(name))
      throw refusal("name: 1 to 100 letters, digits and . _ @ + -, the first a letter or a digit");
    const secret = checked(textIn(body, "password"), name);
    const account = {
      name,
      password: await hashPassword(secret),
      roles: await rolesIn(door, body),
    };
    if (!(await addAccount(db, account)))
      throw new AppError("CONFLICT", [`There is a user "${name}" already.`]);
    response.status(201).json(view(await find(name)));
  });
  changeRoutes(door, router);
  ownPassword(door, router);
  return router;
}

function changeRoutes(door: Door, router: Routes): void {
  const { db } = door.core.database;
  const find = (name: string): Promise<StoredAccount> => existing(door, name);
  router.about({
    summary: "Change a user: password, roles, disabled",
    body: { type: "object", properties: { password, roles, disabled: { type: "boolean" } } },
  });
  router.patch("/users/:name", "admin", async (request, response) => {
    const { name } = await find(request.params.name);
    const body = bodyOf(request);
    const { disabled } = body;
    if (disabled !== undefined && typeof disabled !== "boolean")
      throw refusal("disabled: expected true or false");
    if (disabled === true && name === userOf(response).name)
      throw new AppError("CONFLICT", ["Nobody can disable oneself: let another administrator."]);
    const secret = body["password"] === undefined ? undefined : textIn(body, "password");
    await changeAccount(db, name, {
      password: secret === undefined ? undefined : await hashPassword(checked(secret, name)),
      disabled,
      roles: body["roles"] === undefined ? undefined : await rolesIn(door, body),
    });
    // Who knew the old password is signed out; API keys of a disabled user are refused by the look at the account.
    if (secret !== undefined || disabled === true) await removeTokensOf(db, name);
    response.json(view(await find(name)));
  });
  router.about({ summary: "Remove a user with all tokens and API keys" });
  router.delete("/users/:name", "admin", async (request, response) => {
    const { name } = await find(request.params.name);
    if (name === userOf(response).name)
      throw new AppError("CONFLICT", ["Nobody can remove oneself: let another administrator."]);
    await removeAccount(db, name);
    response.status(204).end();
  });
}

function ownPassword({ core }: Door, router: Routes): void {
  const { db } = core.database;
  router.about({
    summary: "Change one's own password",
    body: {
      type: "object",
      properties: { old: { type: "string" }, new: password },
      required: ["old", "new"],
    },
  });
  router.put("/user/password", "signed in", async (request, response) => {
    const { name } = userOf(response);
    const body = bodyOf(request);
    const account = await findAccount(db, name);
    if (account === undefined || account.origin !== "local")
      throw refusal(`The password of "${name}" is kept by another service.`);
    if (!(await passwordFits(textIn(body, "old"), account.password)))
      throw new AppError("FORBIDDEN", ["The old password is not right."]);
    await changeAccount(db, name, {
      password: await hashPassword(checked(textIn(body, "new"), name)),
    });
    await removeTokensOf(db, name);
    response.status(204).end();
  });
}
