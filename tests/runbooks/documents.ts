import { parse } from "yaml";
import { readDocument, type ReadDocument } from "../../src/runbooks/document.ts";

export const sound = `---
owner: yamada
reviewed_at: 2026-11-01
approvals:
  - domain-approver
  - { role: web, ask: "Seen <$ fields.fqdn $>?", when: after }
---

# Add a record

## TODO

- [ ] Ask what is wanted
1. Register <$ fields.fqdn $>

\`\`\`action dns.add name=dns
zone: <$ fields.zone $>
\`\`\`

## 手順書

Do it. {{ not.ours }} <% nor.this %>

## 確認コマンド

\`\`\`check host=web01,web02 timeout=5
uptime
# a remark
dig <$ fields.fqdn $>
\`\`\`

## Special notes

none
`;

/** A document of that text. */
export function documentOf(text: string, path = "dns/add.md"): ReadDocument {
  return readDocument(path, text, (frontMatter) => parse(frontMatter) as unknown);
}
