"""Runs the tests of a pack: `python -m raicho_host.pack_tests PACK RESULT [NAME…]`. The counts go into the file RESULT, as JSON."""

import json
import os
import sys
import unittest

# In the order in which modules are looked for, as with StackStorm's own runner of tests.
_directories = ["actions", "actions/lib", "sensors", "sensors/lib", "lib", "etc", ""]


def _prepare(pack):
    for name in reversed(_directories):
        path = os.path.join(pack, name)
        if os.path.isdir(path):
            sys.path.insert(0, os.path.abspath(path))
    try:
        import mock  # noqa: F401 - the package that unittest.mock came from
    except ImportError:
        import unittest.mock

        sys.modules["mock"] = unittest.mock


def _load(pack, names):
    loader = unittest.TestLoader()
    tests = os.path.join(pack, "tests")
    if names:
        sys.path.insert(0, tests)
        return loader.loadTestsFromNames(names)
    # A `tests` with an __init__ is a package, and its modules import each other as such.
    whole = os.path.isfile(os.path.join(tests, "__init__.py"))
    return loader.discover(tests, pattern="test*.py", top_level_dir=pack if whole else tests)


def _wanted(suite):
    """Without classes that say `__test__ = False`: they are for others to inherit from."""
    kept = unittest.TestSuite()
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            kept.addTest(_wanted(test))
        elif getattr(test, "__test__", True):
            kept.addTest(test)
    return kept


def _import_faults(suite):
    """Modules that could not be imported count as tests that went wrong, with the last line of the reason."""
    for test in suite:
        if isinstance(test, unittest.TestSuite):
            yield from _import_faults(test)
        elif type(test).__name__ == "_FailedTest":
            error = getattr(test, "_exception", None)
            yield str(error).strip().splitlines()[-1]


def main(pack, result, *names):
    pack = os.path.abspath(pack)
    os.chdir(pack)
    _prepare(pack)
    suite = _wanted(_load(pack, names))
    unimported = list(_import_faults(suite))
    outcome = unittest.TextTestRunner(stream=sys.stderr, verbosity=2).run(suite)
    counts = {
        "tests": outcome.testsRun,
        "failures": len(outcome.failures),
        "errors": len(outcome.errors),
        "skipped": len(outcome.skipped),
        "unimported": unimported,
    }
    with open(result, "w", encoding="utf-8") as file:
        json.dump(counts, file)
    return 0 if outcome.wasSuccessful() else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
