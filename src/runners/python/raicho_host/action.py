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

def empty_module(name, path):
    """The module that the file will be, before anything of it has run; None when it is no Python file."""
    spec = importlib.util.spec_from_file_location(name, path)
    return None if spec is None else importlib.util.module_from_spec(spec)


def run(call, prepared, result_fd):
    """Carries the action out; gives the exit status of the process. Everything that is raised is reported on stderr.

    `prepared`: the code and the empty module of the action's file, each None where that was not to be had.
    """
    report = "{}"
    try:
        _furnish(call)
        returned = _carry_out(call, prepared)
        report = outcome.of(returned)
        status = 0
    except outcome.WrongStatus as error:
        trace.say(str(error))
        status = outcome.WRONG_STATUS
    except SystemExit as ending:
        status = _exit_status(ending.code)
    except BaseException as error:
        trace.print_error(error)
        status = 1
        hint = call.get("missingLibraries")
        if isinstance(error, ImportError) and hint:
            report = json.dumps({"error": hint})
            trace.say(hint)
    _hand_over(result_fd, report)
    return _leave(status)


def _furnish(call):
    """Makes this process what a fresh interpreter started for the action would be."""
    # Only what differs: every page that is written to has to be copied first.
    for name in call["unset"]:
        os.environ.pop(name, None)
    for name, value in call["set"].items():
        os.environ[name] = value
    if hasattr(time, "tzset") and ("TZ" in call["set"] or "TZ" in call["unset"]):
        time.tzset()
    os.chdir(call["directory"])
    sys.argv = [call["entry"]]
    if call.get("cache"):
        sys.pycache_prefix = call["cache"]
    else:
        sys.dont_write_bytecode = True
    sys.path[:0] = call["paths"]


def _carry_out(call, prepared):
    action = _instance(_load(call, prepared), Wrapper(call), call["config"])
    return action.run(**call["parameters"])


def _load(call, prepared):
    """The first by name of the classes that the file defines and that can be run."""
    path = call["entry"]
    if call["directoryOfEntry"] not in sys.path:
        sys.path.append(call["directoryOfEntry"])
    name = os.path.splitext(os.path.basename(path))[0]
    code, module = prepared
    try:
        if module is None:
            if not os.path.isfile(path):
                raise FileNotFoundError("there is no such file")
            module = empty_module(name, path)
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
    data = report.encode()
    try:
        while data:
            data = data[os.write(fd, data) :]
    except OSError:
        pass
    os.close(fd)


def _leave(status):
    """What an interpreter does at its end, short of taking itself apart. Threads that are no daemons are waited for."""
    try:
        if threading.active_count() > 1:
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
