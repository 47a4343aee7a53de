import { expect, test } from "vitest";
import { parseHosts } from "../../src/runners/remote-shell-hosts.ts";

test.each([
  ["a.example", [["a.example", "a.example", undefined]]],
  [
    " a , b:2222,",
    [
      ["a", "a", undefined],
      ["b", "b", 2222],
    ],
  ],
  ["10.0.0.1:22", [["10.0.0.1", "10.0.0.1", 22]]],
  ["2001:db8::1", [["2001:db8::1", "2001:db8::1", undefined]]],
  ["[2001:db8::1]", [["2001:db8::1", "2001:db8::1", undefined]]],
  ["[2001:db8::1]:2222", [["2001:db8::1", "2001:db8::1", 2222]]],
  ["a,a", [["a", "a", undefined]]],
  [
    "a,a:2222",
    [
      ["a:22", "a", undefined],
      ["a:2222", "a", 2222],
    ],
  ],
])("%s", (text, hosts) => {
  expect(parseHosts(text).map(({ label, name, port }) => [label, name, port])).toEqual(hosts);
});

test.each([
  [" , ", "No hosts specified"],
  [undefined, "No hosts specified"],
  ["a:x", "Invalid port x specified for host a"],
  ["a:0", "Invalid port 0 specified for host a"],
  ["a:70000", "Invalid port 70000 specified for host a"],
  ["a:1:2", "Invalid port 1:2 specified for host a"],
  ["a b", '"a b" is not a host'],
  [":22", '":22" is not a host'],
])("%s is refused", (text, message) => {
  expect(() => parseHosts(text)).toThrow(message);
});
