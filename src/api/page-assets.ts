/** Style and script of the door's pages. The pages work without the script. */

export const pageCss = `:root {
  color-scheme: light dark;
  --ground: #fbfbf9; --card: #fff; --ink: #1d2326; --quiet: #566066; --line: #c9cfd2; --accent: #0b5d80; --on-accent: #fff;
  --fault: #a3201b; --fault-ground: #fdf0ef; --good: #1c6b3a; --code: #f1f2ef;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #14181a; --card: #1c2124; --ink: #e8ebec; --quiet: #a5afb4; --line: #434c51; --accent: #74c3e6; --on-accent: #10222b;
    --fault: #ff9d96; --fault-ground: #33201f; --good: #82d3a0; --code: #23292c;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); line-height: 1.6;
  font-family: system-ui, "Hiragino Sans", "Noto Sans JP", "Noto Sans CJK JP", "Yu Gothic UI", sans-serif; }
header { border-bottom: 1px solid var(--line); background: var(--card); }
nav { max-width: 46rem; margin: 0 auto; padding: .75rem 1rem; display: flex; justify-content: space-between; gap: 1rem; }
main { max-width: 46rem; margin: 0 auto; padding: 1rem 1rem 4rem; }
h1 { font-size: 1.6rem; line-height: 1.3; margin: 1rem 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
a { color: var(--accent); }
p.lead { color: var(--quiet); margin-top: 0; }
.skip { position: absolute; left: -99rem; }
.skip:focus { left: 1rem; top: .5rem; background: var(--card); padding: .25rem .5rem; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; }
ul.cards { list-style: none; padding: 0; display: grid; gap: .75rem; }
ul.cards li, form.card, .card { background: var(--card); border: 1px solid var(--line); border-radius: .5rem; padding: 1rem 1.25rem; }
ul.cards a { font-weight: 600; }
ul.cards p { margin: .25rem 0 0; color: var(--quiet); }
.field { margin: 0 0 1.25rem; }
.field label, fieldset legend { font-weight: 600; display: block; }
.need { color: var(--quiet); font-weight: 400; font-size: .875rem; }
.help { color: var(--quiet); font-size: .9rem; margin: .1rem 0 .35rem; }
input, select, textarea, button { font: inherit; color: inherit; }
input:not([type=checkbox]), select, textarea { width: 100%; padding: .5rem .6rem; background: var(--ground); border: 1px solid var(--quiet); border-radius: .35rem; }
input[type=checkbox] { width: 1.15rem; height: 1.15rem; vertical-align: -.15rem; margin-right: .5rem; }
textarea { min-height: 7rem; }
textarea.text { min-height: 28rem; font-family: ui-monospace, "Noto Sans Mono CJK JP", monospace; font-size: .9rem; }
[aria-invalid=true] { border: 2px solid var(--fault) !important; }
.fault { color: var(--fault); margin: .35rem 0 0; font-weight: 600; }
.faults { border: 2px solid var(--fault); background: var(--fault-ground); border-radius: .5rem; padding: .75rem 1.25rem; margin: 1rem 0; }
.faults h2 { margin: 0; font-size: 1.05rem; }
.faults a { color: var(--fault); }
.read { border-color: var(--accent) !important; }
.buttons { display: flex; gap: .75rem; flex-wrap: wrap; align-items: center; }
button { padding: .55rem 1.25rem; border-radius: .35rem; border: 1px solid var(--accent); background: var(--accent); color: var(--on-accent); font-weight: 600; cursor: pointer; }
button.second { background: transparent; color: var(--accent); }
.done { border-left: .35rem solid var(--good); }
pre { background: var(--code); padding: .75rem 1rem; border-radius: .35rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; }
th, td { text-align: left; padding: .35rem .75rem .35rem 0; border-bottom: 1px solid var(--line); vertical-align: top; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
@media (max-width: 30rem) { button { width: 100%; } }
`;

/** Completes names of servers while they are typed, and reads the present settings when one was chosen. */
export const formJs = `"use strict";
(() => {
  const form = document.querySelector("form[data-form]");
  if (!form) return;
  const base = "/api/v2/forms/" + encodeURIComponent(form.dataset.form);
  const ask = async (path) => {
    const answer = await fetch(base + path, { headers: { accept: "application/json" }, credentials: "same-origin" });
    return answer.ok ? answer.json() : undefined;
  };
  const last = (text) => text.split(/[\\s,、，;]+/).pop() || "";
  const empty = new Set([...form.querySelectorAll("[data-prefill]")].filter((one) => one.value === "").map((one) => one.name));
  form.addEventListener("input", (event) => {
    if (event.isTrusted) empty.delete(event.target.name);
  });
  for (const input of form.querySelectorAll("input[data-servers]")) {
    const list = document.getElementById(input.getAttribute("list"));
    let timer;
    let turn = 0;
    input.addEventListener("input", () => {
      clearTimeout(timer);
      timer = setTimeout(async () => {
        const mine = ++turn;
        const typed = last(input.value);
        const found = await ask("/servers?q=" + encodeURIComponent(typed));
        if (!found || mine !== turn) return;
        const before = input.value.slice(0, input.value.length - typed.length);
        list.replaceChildren(...found.servers.map((name) => {
          const option = document.createElement("option");
          option.value = before + name;
          return option;
        }));
      }, 200);
    });
    input.addEventListener("change", async () => {
      const query = new URLSearchParams();
      for (const [name, value] of new FormData(form)) query.append(name, String(value));
      const found = await ask("/prefill?" + query);
      for (const [name, value] of Object.entries((found && found.fields) || {})) {
        const field = form.elements.namedItem(name);
        if (!field || !("value" in field) || !(field.value === "" || empty.has(name))) continue;
        field.value = value;
        field.classList.add("read");
      }
    });
  }
})();
`;
