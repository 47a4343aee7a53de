"""What a sensor and the engine tell each other, one JSON object a line.

From the engine: `start` (first line, the whole assignment), `add`, `update`, `remove` (`trigger`), `answer` (`id`, and `error` when the
events were not taken).
To the engine: `ready`, `log` (`level`, `logger`, `message`), `dispatch` (`id`, `events`, maybe `checkpoint`).

Sensors may replace threads, locks and reads by cooperative ones (eventlet, gevent) at any time. So everything here is taken from the
interpreter before a sensor is loaded, and the thread that listens is a real one.
"""

import _thread
import collections
import json
import os
import signal

INBOUND, OUTBOUND = 0, 3
# More than that in one line is a mistake of the sensor, not an event.
LONGEST = 16_000_000

_read, _write, _getpid, _get_ident = os.read, os.write, os.getpid, _thread.get_ident
_allocate_lock, _loads, _dumps = _thread.allocate_lock, json.loads, json.dumps


class Stopped(Exception):
    """The engine stops; the events were not taken and the sensor is to end."""


class Refused(Exception):
    """The engine cannot store these events, today or tomorrow."""


class Channel:
    def __init__(self):
        self._in = os.dup(INBOUND)
        self._out = os.dup(OUTBOUND)
        os.close(OUTBOUND)
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, INBOUND)
        os.close(nothing)
        self._pid = _getpid()
        self._main = _get_ident()
        self._lines = self._read_lines()
        self._writing = _allocate_lock()
        self._waiting = {}
        self._number = 0
        self._held = 0
        self._stopping = False
        self.news = collections.deque()
        self.bell = _allocate_lock()
        self.bell.acquire()

    def assignment(self):
        """The first line."""
        return next(self._lines)

    def listen(self):
        """Starts the thread that takes in everything else. It is gone with the process."""
        _thread.start_new_thread(self._listen, ())

    def ready(self):
        self._send({"kind": "ready"})

    def log(self, level, logger, message):
        """False in a process that the sensor forked: it has no engine to speak with."""
        if _getpid() != self._pid:
            return False
        self._send({"kind": "log", "level": level, "logger": logger, "message": message})
        return True

    def dispatch(self, events, checkpoint):
        """Returns when the events, and the checkpoint if there is one, are committed. Raises Stopped or Refused, then nothing of them is."""
        if _getpid() != self._pid:
            raise RuntimeError("A process that the sensor forked cannot dispatch: hand the events over to the sensor's own process.")
        message = {"kind": "dispatch", "events": events}
        message.update(checkpoint)
        with self._holding():
            arrived = _allocate_lock()
            arrived.acquire()
            with self._writing:
                self._number += 1
                message["id"] = number = self._number
            slot = self._waiting[number] = [arrived, None]
            self._send(message)
            arrived.acquire()
        answer = slot[1]
        if answer.get("stopping"):
            raise Stopped("The engine stops; the sensor is started again with it.")
        if "error" in answer:
            raise Refused(answer["error"])
        return answer

    def on_term(self, *_):
        """Handler of SIGTERM: ends the main thread, but not between a dispatch and its answer."""
        self._stopping = True
        if self._held == 0:
            raise SystemExit(0)

    def settle(self):
        """SIGTERM was heard; what is still to be done is done undisturbed."""
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        self._stopping = False

    def _holding(self):
        return _Holding(self)

    def _send(self, message):
        data = _dumps(message).encode() + b"\n"
        if len(data) > LONGEST:
            raise Refused("An event of %d bytes is longer than %d." % (len(data), LONGEST))
        with self._holding(), self._writing:
            view = memoryview(data)
            while view:
                view = view[_write(self._out, view) :]

    def _read_lines(self):
        rest = bytearray()
        while True:
            data = _read(self._in, 65536)
            if not data:
                return
            rest += data
            if 10 in data:
                *lines, rest = rest.split(b"\n")
                for line in lines:
                    yield _loads(line)

    def _listen(self):
        try:
            for message in self._lines:
                if message["kind"] == "answer":
                    slot = self._waiting.pop(message["id"])
                    slot[1] = message
                    slot[0].release()
                else:
                    self.news.append(message)
                    if self.bell.locked():
                        self.bell.release()
        finally:
            # Nobody is left to dispatch to.
            os.killpg(0, signal.SIGKILL)


class _Holding:
    """While it is held in the main thread, SIGTERM waits."""

    def __init__(self, channel):
        self._channel = channel
        self._mine = _get_ident() == channel._main

    def __enter__(self):
        if self._mine:
            self._channel._held += 1

    def __exit__(self, *error):
        if not self._mine:
            return
        self._channel._held -= 1
        if self._channel._held == 0 and self._channel._stopping and error[0] is None:
            raise SystemExit(0)
