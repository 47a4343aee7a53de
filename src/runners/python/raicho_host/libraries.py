"""Imports libraries ahead, so that every fork has them already. No code of a pack runs here."""

import importlib
import os
import sys
import sysconfig
import threading


class Libraries:
    def __init__(self):
        self._tried = set()
        self._told = set()
        self._standard = standard_directories()

    def load(self, names):
        """Imports those modules as far as that goes. Gives

        - `threaded`: the module after which this process has threads and cannot be forked safely, or None
        - `files`: where the modules that are new here came from, those of the standard library left out
        - `environment`: variables as they are now; libraries change them
        """
        threaded = None
        new = [name for name in names if name not in self._tried]
        for name in new:
            self._tried.add(name)
            try:
                importlib.import_module(name)
            except BaseException:  # noqa: B036 - the action says it itself, with its own traceback
                pass
            if _thread_count() > 1:
                threaded = name.partition(".")[0]
                break
        files = self._new_files() if new else []
        return {"threaded": threaded, "files": files, "environment": dict(os.environ)}

    def _new_files(self):
        files = []
        for module in list(sys.modules.values()):
            path = getattr(module, "__file__", None)
            if isinstance(path, str) and path not in self._told and self._is_watched(path):
                self._told.add(path)
                files.append(path)
        return files

    def _is_watched(self, path):
        return not path.startswith(self._standard) or "site-packages" in path or "dist-packages" in path


def standard_directories():
    """Where the standard library is, as prefixes of paths."""
    return tuple(os.path.realpath(sysconfig.get_path(name)) + os.sep for name in ("stdlib", "platstdlib"))


def _thread_count():
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()
