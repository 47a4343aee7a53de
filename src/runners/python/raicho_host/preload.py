"""Imports the libraries of an action once, in the server, so that every fork has them already.

Looks at the import statements of the action's file and of the pack's own modules that it reaches; whatever is not the pack's own is a
library. Only statements that run when a file is imported count. Nothing of the pack is executed here.
"""

import ast
import gc
import importlib
import os
import sys
import sysconfig
import threading


# Methods that speak to the API, and what that needs.
_API_METHODS = frozenset(("get_value", "set_value", "list_values", "delete_value", "get_user_info"))
_API_LIBRARIES = ("http.client", "ssl", "urllib.parse")


class Preloader:
    def __init__(self, skip):
        self._skip = set(skip)
        self._scanned = {}
        self._tried = set()
        self._standard = tuple(
            os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib")
        )
        self._watched = {}
        self._paths = None
        self._states = None
        self._settled = {}
        self._watch_directories()

    def load(self, entry, pack_directories):
        """Imports what `entry` needs. Gives the modules after which this process has threads and cannot be forked safely."""
        if self._is_settled(entry):
            return []
        before = len(self._tried)
        for name in self._libraries(entry, pack_directories):
            if name in self._tried or name.partition(".")[0] in self._skip:
                continue
            self._tried.add(name)
            try:
                importlib.import_module(name)
            except BaseException:  # noqa: B036 - the action says it itself, with its own traceback
                pass
            if thread_count() > 1:
                return [name.partition(".")[0]]
        if len(self._tried) > before:
            self._watch_modules()
            # Nothing collected later: a collection in a child would copy every page it looks at.
            gc.collect()
            gc.freeze()
        return []

    def changed(self):
        """Whether a library on disk differs from what this process has."""
        if self._paths is None:
            # Copies lie side by side: after every fork each page that is so much as looked at has to be copied.
            self._paths = [path.encode() for path in self._watched]
            self._states = b"".join([_packed(state) for state in self._watched.values()])
        return b"".join([_packed(_state(path)) for path in self._paths]) != self._states

    def _is_settled(self, entry):
        """Whether the files that decide what an action imports are those that were looked at before."""
        files = self._settled.get(entry)
        return files is not None and all(_state(path) == state for path, state in files)

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
            files.append((path, _state(path)))
            for name in self._imports(path):
                own = _own_files(name, [os.path.dirname(path), *directories])
                if own:
                    waiting.extend(own)
                elif name not in found:
                    found.append(name)
        self._settled[entry] = files
        return found

    def _imports(self, path):
        state = _state(path)
        known = self._scanned.get(path)
        if known is None or known[0] != state:
            known = (state, _imports_of(path))
            self._scanned[path] = known
        return known[1]

    def _watch_directories(self):
        for path in sys.path:
            real = os.path.realpath(path)
            if os.path.isdir(real) and not (real + os.sep) in self._standard:
                self._watched[real] = _state(real)

    def _watch_modules(self):
        for module in list(sys.modules.values()):
            path = getattr(module, "__file__", None)
            if isinstance(path, str) and (not path.startswith(self._standard) or _is_site(path)):
                self._watched.setdefault(path, _state(path))
        self._paths = None


def thread_count():
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()


def _is_site(path):
    return "site-packages" in path or "dist-packages" in path


def _state(path):
    try:
        found = os.stat(path)
    except OSError:
        return None
    return (found.st_mtime_ns, found.st_size, found.st_ino)


def _packed(state):
    return b"-" if state is None else b"%d %d %d;" % state


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
