"""One sensor in its process: makes it, tells it of triggers, runs it, cleans up."""

import _thread
import atexit
import importlib.util
import logging
import os
import signal
import sys
import threading
import time

from raicho_host import trace
from raicho_host.sensor_channel import Channel
from raicho_host.sensor_service import SensorService, Wrapper
from st2reactor.sensor.base import PollingSensor, Sensor

METHODS = ("setup", "run", "cleanup", "add_trigger", "update_trigger", "remove_trigger")
# How long `run` waits for the triggers that are there already to be added.
ADD_PATIENCE = 10.0

_start_thread = _thread.start_new_thread


def main():
    channel = Channel()
    # From here on SIGTERM is answered; before there is nothing to clean up.
    signal.signal(signal.SIGTERM, channel.on_term)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    call = channel.assignment()
    host = Host(channel, call)
    try:
        _furnish(call, channel)
        channel.listen()
        host.make()
        status = host.run()
    except SystemExit as ending:
        status = _exit_status(ending.code)
    except BaseException as error:
        trace.print_error(error)
        status = 1
        hint = call.get("missingLibraries")
        if isinstance(error, ImportError) and hint:
            trace.say(hint)
    host.clean_up()
    # What is left of the interpreter is not worth waiting for.
    return _leave(status)


class Host:
    def __init__(self, channel, call):
        self._channel = channel
        self._call = call
        self._triggers = list(call["triggers"])
        self._logger = None
        self._sensor = None
        self._added = False

    def make(self):
        call = self._call
        wrapper = Wrapper(call)
        self._logger = wrapper._logger
        cls = _load(call["entry"], call["className"])
        kwargs = {"sensor_service": SensorService(wrapper, self._channel, call.get("checkpoint")), "config": call["config"]}
        if call["pollInterval"] and issubclass(cls, PollingSensor):
            kwargs["poll_interval"] = call["pollInterval"]
        self._sensor = cls(**kwargs)

    def run(self):
        self._sensor.setup()
        self._watch_triggers()
        self._channel.ready()
        self._sensor.run()
        # It may have returned to go on in threads of its own; the process lives as long as they do.
        threading._shutdown()
        return 0

    def clean_up(self):
        # The engine kills what takes too long.
        self._channel.settle()
        if self._sensor is None:
            return
        try:
            self._sensor.cleanup()
        except BaseException as error:
            trace.print_error(error)

    def _watch_triggers(self):
        """Adds what is there, then takes in what changes. Cooperative sensors are told by a cooperative thread, as their own code expects."""
        eventlet = sys.modules.get("eventlet")
        if eventlet is None:
            _start_thread(self._tell_by_thread, ())
            pause = time.sleep
        else:
            eventlet.spawn_n(self._tell_by_turns, eventlet.sleep)
            pause = eventlet.sleep
        until = time.monotonic() + ADD_PATIENCE
        while not self._added and time.monotonic() < until:
            pause(0.005)

    def _tell_by_thread(self):
        self._tell_initial()
        while True:
            self._channel.bell.acquire()
            self._tell_news()

    def _tell_by_turns(self, pause):
        self._tell_initial()
        while True:
            self._tell_news()
            pause(0.2)

    def _tell_initial(self):
        for trigger in self._triggers:
            self._tell("add", trigger)
        self._added = True

    def _tell_news(self):
        news = self._channel.news
        while news:
            message = news.popleft()
            self._tell(message["kind"], message["trigger"])

    def _tell(self, kind, trigger):
        method = getattr(self._sensor, kind + "_trigger")
        try:
            method(trigger)
        except Exception as error:
            self._logger.error("%s_trigger failed: %s\n%s", kind, error, trace.text(error))


class _ToEngine(logging.Handler):
    def __init__(self, channel):
        super().__init__()
        self._channel = channel

    def emit(self, record):
        try:
            message = self.format(record)
            if not self._channel.log(record.levelname, record.name, message[:20_000]):
                trace.say(message)
        except (SystemExit, KeyboardInterrupt):
            raise
        except BaseException:
            self.handleError(record)


def _furnish(call, channel):
    """The surroundings that the sensor's code expects."""
    os.chdir(call["directory"])
    sys.argv = [call["entry"]]
    if call.get("cache"):
        sys.pycache_prefix = call["cache"]
    else:
        sys.dont_write_bytecode = True
    sys.path[:0] = call["paths"]
    handler = _ToEngine(channel)
    handler.setFormatter(logging.Formatter("%(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(getattr(logging, call["logLevel"], logging.INFO))


def _load(path, class_name):
    directory = os.path.dirname(os.path.realpath(path))
    if directory not in sys.path:
        sys.path.append(directory)
    name = os.path.splitext(os.path.basename(path))[0]
    _cooperate(path)
    try:
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None:
            raise ImportError("it is not a Python file")
        module = importlib.util.module_from_spec(spec)
        # Not in the place of a library of the same name; `sensors/email.py` is allowed.
        sys.modules.setdefault(name, module)
        spec.loader.exec_module(module)
    except Exception as error:
        raise _load_error(path, error) from None
    cls = getattr(module, class_name, None)
    if not isinstance(cls, type):
        others = sorted(key for key, value in vars(module).items() if isinstance(value, type) and value.__module__ == name)
        raise ValueError(
            'Sensor module is missing a class with name "%s" (%s has: %s)' % (class_name, path, ", ".join(others) or "no class")
        )
    missing = [method for method in METHODS if not callable(getattr(cls, method, None))]
    if missing:
        raise TypeError('Class "%s" in %s has no method %s' % (class_name, path, ", ".join(missing)))
    if not issubclass(cls, Sensor):
        Sensor.register(cls)
    return cls


def _load_error(path, error):
    message = (
        'Failed to load sensor class from file "%s" (sensor file most likely doesn\'t exist or contains invalid syntax): %s\n\n%s'
        % (path, error, trace.text(error))
    )
    try:
        return type(error)(message)
    except Exception:
        return Exception(message)


def _cooperate(path):
    """StackStorm runs all sensors cooperatively. Those that use eventlet count on it; the others do not notice that theirs are real threads."""
    try:
        with open(path, "rb") as file:
            if b"eventlet" not in file.read():
                return
        # Its own resolver does not take all that the system's takes.
        os.environ.setdefault("EVENTLET_NO_GREENDNS", "yes")
        import eventlet
    except (OSError, ImportError):
        # The sensor's own import says it better.
        return
    eventlet.monkey_patch(os=True, select=True, socket=True, thread=True, time=True)


def _exit_status(code):
    if code is None:
        return 0
    if isinstance(code, int):
        return code & 0xFF
    trace.say(str(code))
    return 1


def _leave(status):
    try:
        atexit._run_exitfuncs()
    except BaseException as error:
        trace.print_error(error)
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):
            pass
    os._exit(status)
