/** How a request form looks. */
import { inTongue } from "../runbooks/catalog.ts";
import type { Tongue } from "../runbooks/document.ts";
import type { FormField, RequestForm } from "../runbooks/form.ts";
import type { Filled, FormFault } from "../runbooks/form-values.ts";
import { attribute, markup, type Html, nothing } from "./page.ts";

export const formWords = {
  forms: { ja: "作業の依頼", en: "Requests" },
  lead: { ja: "依頼の種類を選んでください。", en: "What do you need?" },
  none: { ja: "依頼フォームはまだありません。", en: "There are no request forms yet." },
  required: { ja: "必須", en: "required" },
  send: { ja: "依頼する", en: "Send the request" },
  read: { ja: "サーバの今の設定を読み込む", en: "Read the present settings of the server" },
  faults: { ja: "入力を確かめてください", en: "Please check what you filled in" },
  choose: { ja: "選んでください", en: "Please choose" },
  sent: { ja: "依頼を受け付けました", en: "Your request was taken in" },
  ticket: { ja: "チケット", en: "Ticket" },
  later: {
    ja: "チケットはまもなく作られます。このページを読み込み直すと番号が出ます。",
    en: "The ticket will be made soon. Load this page again to see its number.",
  },
  more: { ja: "別の依頼をする", en: "Another request" },
  servers: {
    ja: "空白か読点で区切ると複数書けます。",
    en: "Several, with blanks or commas between them.",
  },
} as const satisfies Record<string, Record<Tongue, string>>;

export function formWord(name: keyof typeof formWords, tongue: Tongue): string {
  return formWords[name][tongue];
}

export interface FormPage {
  readonly form: RequestForm;
  readonly tongue: Tongue;
  readonly filled: Filled;
  readonly faults: readonly FormFault[];
  /** Fields whose value was read from the inventory just now. */
  readonly read: ReadonlySet<string>;
  /** Which submission this is, signed. */
  readonly token: string;
  /** Names of servers to begin with. */
  readonly servers: readonly string[];
}

export function formBody(page: FormPage): Html {
  const { form, tongue, token, faults, servers } = page;
  const asks = form.fields.some(({ type }) => type === "server" || type === "servers");
  const prefills = asks && form.fields.some(({ prefill }) => prefill !== undefined);
  return markup`${form.description === undefined ? nothing : markup`<p class="lead">${inTongue(form.description, tongue)}</p>`}
    ${faultList(faults, form, tongue)}
    <form
      class="card"
      method="post"
      action="/forms/${encodeURIComponent(form.name)}?lang=${tongue}"
      data-form="${form.name}"
      novalidate
    >
      <input type="hidden" name="_submission" value="${token}" />
      ${form.fields.map((field) => fieldOf(field, page))}
      ${asks ? markup`<datalist id="servers">${servers.map((name) => markup`<option value="${name}"></option>`)}</datalist>` : nothing}
      <div class="buttons">
        <button name="_do" value="send">${formWord("send", tongue)}</button>
        ${prefills ? markup`<button class="second" name="_do" value="read">${formWord("read", tongue)}</button>` : nothing}
      </div>
    </form>`;
}

function faultList(faults: readonly FormFault[], form: RequestForm, tongue: Tongue): Html {
  if (faults.length === 0) return nothing;
  const items = faults.map(({ field, message }) => {
    const known = form.fields.find(({ name }) => name === field);
    return known === undefined
      ? markup`<li>${message}</li>`
      : markup`<li><a href="#f-${known.name}">${inTongue(known.label, tongue)}</a>: ${message}</li>`;
  });
  return markup`<div class="faults" role="alert" tabindex="-1">
    <h2>${formWord("faults", tongue)}</h2>
    <ul>
      ${items}
    </ul>
  </div>`;
}

function fieldOf(field: FormField, page: FormPage): Html {
  const { tongue, faults } = page;
  const { name, label, help, required, type } = field;
  const fault = faults.find((one) => one.field === name)?.message;
  const hint =
    help === undefined
      ? type === "servers"
        ? formWord("servers", tongue)
        : undefined
      : inTongue(help, tongue);
  const described = [
    ...(hint === undefined ? [] : [`h-${name}`]),
    ...(fault === undefined ? [] : [`e-${name}`]),
  ].join(" ");
  const control = controlOf(field, page, {
    described: described === "" ? undefined : described,
    invalid: fault !== undefined,
  });
  const need = required
    ? markup` <span class="need">(${formWord("required", tongue)})</span>`
    : nothing;
  const title = inTongue(label, tongue);
  const helping = hint === undefined ? nothing : markup`<p class="help" id="h-${name}">${hint}</p>`;
  const said = fault === undefined ? nothing : markup`<p class="fault" id="e-${name}">${fault}</p>`;
  return type === "checkbox"
    ? markup`<div class="field">
        <label for="f-${name}">${control}${title}${need}</label>${helping}${said}
      </div>`
    : markup`<div class="field">
        <label for="f-${name}">${title}${need}</label>${helping}${control}${said}
      </div>`;
}

interface Told {
  readonly described: string | undefined;
  readonly invalid: boolean;
}

function controlOf(field: FormField, page: FormPage, told: Told): Html {
  const value = page.filled[field.name] ?? "";
  const common = commonOf(field, page, told);
  const { type, longest, min, max } = field;
  switch (type) {
    case "textarea":
      return markup`<textarea${common}${attribute("maxlength", String(longest))}>
${value}</textarea>`;
    case "choice":
      return choiceOf(field, value, { common, tongue: page.tongue });
    case "checkbox":
      return markup`<input type="checkbox" value="yes" ${common}${flag("checked", value !== "")} />`;
    case "number":
      return markup`<input
        type="number"
        step="any"
        value="${value}"
        ${common}${attribute("min", text(min))}${attribute("max", text(max))}
      />`;
    case "date":
      return markup`<input type="date" value="${value}" ${common} />`;
    case "server":
    case "servers":
      return markup`<input
        value="${value}"
        list="servers"
        autocomplete="off"
        autocapitalize="off"
        spellcheck="false"
        data-servers=""
        ${common}
      />`;
    case "text":
      return markup`<input value="${value}" ${common}${attribute("maxlength", String(longest))} />`;
  }
}

/** What every control has. */
function commonOf({ name, required, prefill }: FormField, { read }: FormPage, told: Told): Html {
  return markup` id="f-${name}"
  name="${name}"${attribute("aria-describedby", told.described)}${attribute(
    "aria-invalid",
    told.invalid ? "true" : undefined,
  )}${attribute("aria-required", required ? "true" : undefined)}${attribute(
    "class",
    read.has(name) ? "read" : undefined,
  )}${flag("data-prefill", prefill !== undefined)}`;
}

function choiceOf(
  { options }: FormField,
  value: string,
  { common, tongue }: { readonly common: Html; readonly tongue: Tongue },
): Html {
  const shown = options.map(
    (option) =>
      markup`<option value="${option.value}" ${flag("selected", option.value === value)}>
        ${inTongue(option.label, tongue)}
      </option>`,
  );
  return markup`<select${common}><option value="">${formWord("choose", tongue)}</option>${shown}</select>`;
}

function flag(name: string, set: boolean): Html {
  return attribute(name, set ? "" : undefined);
}

function text(value: number | undefined): string | undefined {
  return value === undefined ? undefined : String(value);
}
