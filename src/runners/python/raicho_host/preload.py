"""What an action imports, found without running it: its own import statements and those of the pack's modules that it reaches.

Whatever is not the pack's own is a library. Only statements that run when a file is imported count.
"""

import ast
import os
import sys

from raicho_host.libraries import standard_directories

# Methods that speak to the API, and what that needs.
_API_METHODS = frozenset(("get_value", "set_value", "list_values", "delete_value", "get_user_info"))
_API_LIBRARIES = ("http.client", "ssl", "urllib.parse")


class Preloader:
    """Knows which actions have been looked at, and whether a library on disk differs from what was imported."""

    def __init__(self, enabled, skip):
        self._enabled = enabled
        self._skip = set(skip)
        self._scanned = {}
        self._settled = {}
        self._watched = {}
        standard = standard_directories()
        directories = [path for path in map(os.path.realpath, sys.path) if os.path.isdir(path)]
        if enabled:
            self.watch(path for path in directories if not (path + os.sep) in standard)

    def libraries(self, entry, directories):
        """The libraries of that action, or None when nothing has changed since they were asked for."""
        if self._is_settled(entry):
            return None
        names = self._libraries(entry, directories)
        return [name for name in names if self._enabled and name.partition(".")[0] not in self._skip]

    def watch(self, files):
        for path in files:
            self._watched.setdefault(path, state_of(path))

    def changed(self):
        return any(state_of(path) != state for path, state in self._watched.items())

    def _is_settled(self, entry):
        """Whether the files that decide what an action imports are those that were looked at before."""
        files = self._settled.get(entry)
        return files is not None and all(state_of(path) == state for path, state in files)

    def _libraries(self, entry, directories):
        found = []
        waiting = [os.path.realpath(entry)]
        seen = set()
        files = []
        while waiting:
            path = waiting.pop()
            if path in seen:
                continue
            seen.add(path)
            files.append((path, state_of(path)))
            for name in self._imports(path):
                own = _own_files(name, [os.path.dirname(path), *directories])
                if own:
                    waiting.extend(own)
                elif name not in found:
                    found.append(name)
        self._settled[entry] = files
        return found

    def _imports(self, path):
        state = state_of(path)
        known = self._scanned.get(path)
        if known is None or known[0] != state:
            known = (state, _imports_of(path))
            self._scanned[path] = known
        return known[1]


def state_of(path):
    try:
        found = os.stat(path)
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _imports_of(path):
    try:
        with open(path, "rb") as file:
            tree = ast.parse(file.read(), path)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return []
    names = []
    waiting = list(tree.body)
    while waiting:
        node = waiting.pop(0)
        if isinstance(node, ast.Import):
            names.extend(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            if node.level == 0 and node.module:
                names.append(node.module)
        elif isinstance(node, (ast.If, ast.Try, ast.With, ast.ClassDef)):
            waiting[:0] = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
            for handler in getattr(node, "handlers", []):
                waiting[:0] = handler.body
    if any(isinstance(node, ast.Attribute) and node.attr in _API_METHODS for node in ast.walk(tree)):
        names.extend(_API_LIBRARIES)
    return names


def _own_files(name, directories):
    """Files of the pack that `import name` runs; empty when the pack has no such module."""
    parts = name.split(".")
    for directory in directories:
        files = []
        place = directory
        for part in parts:
            package = os.path.join(place, part, "__init__.py")
            module = os.path.join(place, part + ".py")
            if os.path.isfile(package):
                files.append(package)
            elif os.path.isfile(module):
                files.append(module)
            elif not os.path.isdir(os.path.join(place, part)):
                break
            place = os.path.join(place, part)
        if files:
            return [os.path.realpath(file) for file in files]
    return []
