/** Signing in, API keys and roles. */
import type { Topic } from "./step.ts";

export const accessTopics: readonly Topic[] = [
  {
    about: "access",
    steps: [
      {
        command: "login",
        args: "admin -p wrong",
        code: 1,
        prints: ["Failed to log in as admin"],
        seen: "refused with a wrong password",
      },
      {
        command: "login",
        args: "admin -p {password} -w",
        prints: ["Logged in as admin"],
        seen: "signed in; the following commands need no more",
      },
      {
        command: "whoami",
        prints: [
          'Currently logged in as "admin"',
          "authentication token",
          "Enabled: True",
          "admin",
        ],
        seen: "user, method, end of the token, roles",
      },
      {
        command: "auth",
        args: "admin -p {password} -t -l 600",
        prints: [/^[0-9a-f]{32}$/m],
        remember: ["token", /^([0-9a-f]{32})$/m],
        seen: "a token alone, or with its user and end",
      },
      { command: "auth", args: "admin -p {password}", prints: ["token", "expiry"] },
      {
        command: "auth",
        args: "admin -p {password} -l 9999999",
        code: 1,
        prints: ["TTL specified 9999999 is greater than max allowed"],
      },
      {
        command: "apikey create",
        args: ["-u", "admin", "-m", '{"used_by": "trial"}'],
        prints: ["key", "used_by"],
        remember: ["apikey", /key\W+(\S{40,})/],
        seen: "the key, once; `-k` prints it alone",
      },
      {
        command: "apikey create",
        args: ["-k", "-u", "admin", "-m", '{"n": 2}'],
        prints: [/^\S{40,}$/m],
      },
      {
        command: "apikey list",
        prints: ["admin", "used_by"],
        remember: ["apikeyid", /([0-9a-f]{24})[^\n]*used_by/],
        seen: "keys with their users, hashes hidden",
      },
      { command: "apikey list", args: "-u admin -d", prints: ["uid", "key_hash"] },
      { command: "apikey list", args: "--show-secrets -d", prints: ["key_hash"] },
      { command: "apikey get", args: "{apikeyid}", prints: ["used_by"], seen: "one key, by id" },
      {
        command: "apikey disable",
        args: "{apikeyid}",
        prints: [/enabled\W+False/],
        seen: "the key is refused at once",
      },
      { command: "rule list", args: "--api-key {apikey} -j", code: 1, prints: ["Unauthorized"] },
      {
        command: "apikey enable",
        args: "{apikeyid}",
        prints: [/enabled\W+True/],
        seen: "accepted again",
      },
      { command: "rule list", args: "--api-key {apikey} -j", prints: ["shop.ticked"] },
      {
        command: "apikey load",
        args: "{files}/apikeys.json",
        prints: ["loaded"],
        seen: "keys of another server, by their hashes: they go on working",
      },
      {
        command: "rule list",
        args: "--api-key key-of-another-server -j",
        prints: ["shop.ticked"],
      },
      {
        command: "apikey delete",
        args: "{apikeyid}",
        prints: ["successfully deleted"],
        seen: "gone",
      },
      {
        command: "role list",
        args: "--system",
        prints: ["system_admin", "admin", "observer"],
        seen: "StackStorm's roles, and those of `roles/`",
      },
      { command: "role get", args: "observer", prints: ["observer"], seen: "one role" },
      {
        command: "role-assignment list",
        args: "-u admin",
        prints: ["admin"],
        remember: ["assignment", /([0-9a-f]{24})/],
        seen: "who has which role, and from which file",
      },
      {
        command: "role-assignment get",
        args: "{assignment}",
        prints: ["admin"],
        seen: "one of them",
      },
    ],
  },
];
