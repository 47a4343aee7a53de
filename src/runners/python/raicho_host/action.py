"""One action in the process that was forked for it: loads its class, runs it, hands the result back on a pipe of its own."""

import atexit
import importlib.util
import json
import os
import sys
import threading
import time
import types

from raicho_host import outcome, trace
from raicho_host.service import ActionService, Wrapper
from st2common.runners.base_action import Action
from st2common.runners.utils import get_action_class_instance

_codes = {}


def compiled(path):
    """The file's code, compiled once per version of the file; None where it cannot be, which the action then says itself."""
    try:
        found = os.stat(path)
        state = (found.st_mtime_ns, found.st_size, found.st_ino)
        known = _codes.get(path)
        if known is None or known[0] != state:
            with open(path, "rb") as file:
                known = (state, compile(file.read(), path, "exec", dont_inherit=True))
            _codes[path] = known
        return known[1]
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


class Prepared:
    """What of an action can be done in the server, before the fork: memory that a fork need not write to costs it nothing."""

    def __init__(self, call):
        path = call["entry"]
        wanted = call["environment"]
        self.code = compiled(path)
        self.directory = os.path.dirname(os.path.realpath(path))
        self.name = os.path.splitext(os.path.basename(path))[0]
        self.unset = [name for name in os.environ if name not in wanted]
        self.set = [(name, value) for name, value in wanted.items() if os.environ.get(name) != value]
        self.zone = wanted.get("TZ") != os.environ.get("TZ")
        # None: whatever is wrong with the file is found out, and said, by the action itself.
        self.module = None if self.code is None else _module(self.name, path)


def _module(name, path):
    spec = importlib.util.spec_from_file_location(name, path)
    return None if spec is None else importlib.util.module_from_spec(spec)


def run(call, prepared, result_fd):
    """Carries the action out; gives the exit status of the process. Everything that is raised is reported on stderr."""
    report = {}
    try:
        _furnish(call, prepared)
        status = _carry_out(call, prepared, report)
    except SystemExit as ending:
        status = _exit_status(ending.code)
    except BaseException as error:
        trace.print_error(error)
        status = 1
        hint = call.get("missingLibraries")
        if isinstance(error, ImportError) and hint:
            report["error"] = hint
            trace.say(hint)
    _hand_over(result_fd, report)
    return _leave(status)


def _furnish(call, prepared):
    """Makes this process what a fresh interpreter started for the action would be."""
    # Only what differs: every page that is written to has to be copied first.
    for name in prepared.unset:
        del os.environ[name]
    for name, value in prepared.set:
        os.environ[name] = value
    if prepared.zone and hasattr(time, "tzset"):
        time.tzset()
    os.chdir(call["directory"])
    sys.argv = [call["entry"]]
    if call.get("cache"):
        sys.pycache_prefix = call["cache"]
    else:
        sys.dont_write_bytecode = True
    sys.path[:0] = call["paths"]


def _carry_out(call, prepared, report):
    wrapper = Wrapper(call)
    action = _instance(_load(call["entry"], prepared), wrapper, call["config"])
    returned = action.run(**call["parameters"])
    try:
        report.update(outcome.of(returned))
    except outcome.WrongStatus as error:
        trace.say(str(error))
        return outcome.WRONG_STATUS
    return 0


def _load(path, prepared):
    """The classes that the file defines and that can be run, by name."""
    if prepared.directory not in sys.path:
        sys.path.append(prepared.directory)
    name, module, code = prepared.name, prepared.module, prepared.code
    try:
        if module is None:
            if not os.path.isfile(path):
                raise FileNotFoundError("there is no such file")
            module = _module(name, path)
        if module is None:
            raise ImportError("it is not a Python file")
        # Not in the place of a library of the same name; `actions/json.py` is allowed.
        sys.modules.setdefault(name, module)
        if code is None:
            with open(path, "rb") as file:
                code = compile(file.read(), path, "exec", dont_inherit=True)
        exec(code, module.__dict__)
    except Exception as error:
        raise _load_error(path, error) from None
    values = [value for _, value in sorted(vars(module).items(), key=lambda item: item[0])]
    classes = [
        cls for cls in values if isinstance(cls, type) and cls.__module__ == name and _is_runnable(cls)
    ]
    if not classes:
        raise Exception('Found no classes in plugin file "%s" matching requirements.' % path)
    return classes[0]


def _is_runnable(cls):
    run = getattr(cls, "run", None)
    return isinstance(run, types.FunctionType) and not getattr(run, "__isabstractmethod__", False)


def _load_error(path, error):
    message = (
        'Failed to load action class from file "%s" (action file most likely doesn\'t exist or contains invalid syntax): %s\n\n%s'
        % (path, error, trace.text(error))
    )
    try:
        return type(error)(message)
    except Exception:
        return Exception(message)


def _instance(cls, wrapper, config):
    if Action not in cls.__mro__:
        Action.register(cls)
    wrapper._class_name = cls.__name__
    return get_action_class_instance(cls, config=config, action_service=ActionService(wrapper))


def _exit_status(code):
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    trace.say(str(code))
    return 1


def _hand_over(fd, report):
    view = memoryview(json.dumps(report).encode())
    try:
        while view:
            view = view[os.write(fd, view) :]
    except OSError:
        pass
    os.close(fd)


def _leave(status):
    """What an interpreter does at its end, short of taking itself apart. Threads that are no daemons are waited for."""
    try:
        threading._shutdown()
        atexit._run_exitfuncs()
    except BaseException as error:
        trace.print_error(error)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass
    return status
