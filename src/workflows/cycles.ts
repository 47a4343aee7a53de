/** Which nodes of a graph lie in a cycle: Tarjan's strongly connected components, without recursion. */

interface Search {
  readonly targets: readonly (readonly number[])[];
  readonly cyclic: Set<number>;
  /** When a node was found, and the earliest node it reaches; -1 before. */
  readonly found: number[];
  readonly low: number[];
  readonly open: number[];
  readonly isOpen: Set<number>;
  readonly path: Array<{ readonly node: number; edge: number }>;
  count: number;
}

/** The nodes that can reach themselves. `targets[n]` lists where node n leads. */
export function findCycles(targets: readonly (readonly number[])[]): ReadonlySet<number> {
  const search: Search = {
    targets,
    cyclic: new Set(),
    found: targets.map(() => -1),
    low: targets.map(() => -1),
    open: [],
    isOpen: new Set(),
    path: [],
    count: 0,
  };
  for (const root of targets.keys()) {
    if (search.found[root] !== -1) continue;
    enter(search, root);
    while (search.path.length > 0) step(search);
  }
  return search.cyclic;
}

function enter(search: Search, node: number): void {
  search.found[node] = search.count;
  search.low[node] = search.count;
  search.count += 1;
  search.open.push(node);
  search.isOpen.add(node);
  search.path.push({ node, edge: 0 });
}

function step(search: Search): void {
  const top = search.path.at(-1);
  if (top === undefined) return;
  const next = search.targets[top.node]?.[top.edge];
  top.edge += 1;
  if (next === undefined) leave(search, top.node);
  else if (next === top.node) search.cyclic.add(next);
  else if (search.found[next] === -1) enter(search, next);
  else if (search.isOpen.has(next)) lower(search, top.node, search.found[next] ?? 0);
}

function lower(search: Search, node: number, value: number): void {
  search.low[node] = Math.min(search.low[node] ?? value, value);
}

function leave(search: Search, node: number): void {
  search.path.pop();
  const parent = search.path.at(-1);
  if (parent !== undefined) lower(search, parent.node, search.low[node] ?? 0);
  if (search.low[node] !== search.found[node]) return;
  const members = search.open.splice(search.open.lastIndexOf(node));
  for (const member of members) {
    search.isOpen.delete(member);
    if (members.length > 1) search.cyclic.add(member);
  }
}
