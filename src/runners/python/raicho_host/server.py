"""The loop of the fork server. Its rules are in `fork_server.py`."""

import errno
import json
import marshal
import os
import selectors
import signal
import sys
import tempfile
import time

from raicho_host import frames, link
from raicho_host.family import VARIABLE, Family
from raicho_host.preload import Preloader

CHUNK = 1 << 16
# Seconds that output may come in after an action's process has ended.
LINGER = 0.3
# Forks asked for and not begun yet; more would fill the socket, and two that wait for each other to read wait forever.
AHEAD = 32


class Stream:
    """One of an action's pipes: stdout and stderr are passed on, the result is kept."""

    def __init__(self, fd, kind, limit):
        self.fd = fd
        self.kind = kind
        self.left = limit
        self.cut = False
        self.kept = bytearray()


class Run:
    def __init__(self, number, mark, streams):
        self.number = number
        self.mark = mark
        self.family = None
        self.streams = streams
        self.open = set(streams)
        self.status = None
        self.deadline = None
        self.stop = None

    def signal(self, number):
        """Ends it politely or by force; one that has not begun yet when it begins."""
        self.stop = number
        if self.family is None or self.status is not None:
            return
        if number == signal.SIGKILL:
            self.family.kill()
        else:
            self.family.signal(number)


class Server:
    def __init__(self, options, requests_fd, frames_fd, end, zygote):
        self.requests_fd = requests_fd
        self.frames_fd = frames_fd
        self.requests = frames.Requests()
        self.zygote = zygote
        self.end = end
        self.reader = link.Reader(end)
        self.preloader = Preloader(options["preload"], options["skip"])
        self.environment = dict(os.environ)
        # Why no further call can be run here.
        self.stale = None
        # Calls that wait for their turn, the first perhaps for its libraries.
        self.waiting = []
        self.preparing = False
        self.beginning = set()
        self.runs = {}
        self.ended = []
        self.selector = selectors.DefaultSelector()
        self.selector.register(requests_fd, selectors.EVENT_READ, self._hear)
        self.selector.register(end, selectors.EVENT_READ, self._hear_zygote)

    def loop(self):
        """Until the worker or the process that forks is gone."""
        going = True
        while going:
            for key, _ in self.selector.select(self._patience()):
                if isinstance(key.data, tuple):
                    self._read(*key.data)
                elif key.data() is None:
                    going = False
            self._start_waiting()
            if self.ended:
                self._finish()

    def _patience(self):
        if not self.ended:
            return None
        return max(0.0, min(run.deadline for run in self.ended) - time.monotonic())

    def _hear(self):
        data = os.read(self.requests_fd, CHUNK)
        if not data:
            return None
        for request in self.requests.add(data):
            if request["kind"] == "run":
                self.waiting.append((request["id"], request["call"]))
            else:
                self._kill(request["id"], getattr(signal, request["signal"]))
        return True

    def _hear_zygote(self):
        messages = self.reader.read()
        if messages is None:
            return None
        for kind, number, payload in messages:
            if kind == link.PREPARED:
                self._learn(marshal.loads(payload))
            elif kind == link.FAILED:
                self._fail(number, payload)
            elif kind == link.BEGAN:
                self._began(self.runs[number], *link.NUMBER.unpack(payload))
            else:
                self._note_end(self.runs[number], *link.NUMBER.unpack(payload))
        return True

    def _start_waiting(self):
        while self.waiting and not self.preparing and len(self.beginning) < AHEAD:
            number, call = self.waiting[0]
            if self.stale is None and self.preloader.changed():
                self.stale = {"skip": []}
            if self.stale is None and self._prepare(call):
                return
            del self.waiting[0]
            if self.stale is None:
                self._start(number, call)
            else:
                frames.send_json(self.frames_fd, number, frames.STALE, self.stale)

    def _prepare(self, call):
        """Has the libraries of a call imported; False when they are already."""
        path = call["entry"]
        libraries = self.preloader.libraries(path, call["paths"])
        if libraries is None:
            return False
        name = os.path.splitext(os.path.basename(path))[0]
        wanted = {"entry": path, "name": name, "code": _compiled(path), "libraries": libraries}
        self.preparing = True
        link.send(self.end, link.PREPARE, 0, marshal.dumps(wanted))
        return True

    def _learn(self, learned):
        self.preparing = False
        self.environment = learned["environment"]
        self.preloader.watch(learned["files"])
        if learned["threaded"] is not None:
            self.stale = {"skip": [learned["threaded"]]}

    def _start(self, number, call):
        mark = os.urandom(16).hex()
        fds = []
        try:
            fds.append(_file(marshal.dumps(self._furnished(call, mark))))
            for _ in range(3):
                fds.extend(os.pipe())
            readers, writers = fds[1::2], fds[2::2]
            self.beginning.add(number)
            link.send(self.end, link.FORK, number, mark.encode(), [fds[0], *writers])
        except OSError as error:
            self.beginning.discard(number)
            for fd in fds:
                os.close(fd)
            frames.send_json(self.frames_fd, number, frames.FAILED, str(error))
            return
        for fd in [fds[0], *writers]:
            os.close(fd)
        kinds = (frames.STDOUT, frames.STDERR, frames.RESULT)
        bounds = (call["outputLimit"], call["outputLimit"], call["resultLimit"])
        run = Run(number, mark, [Stream(*three) for three in zip(readers, kinds, bounds)])
        self.runs[number] = run
        for stream in run.streams:
            os.set_blocking(stream.fd, False)
            self.selector.register(stream.fd, selectors.EVENT_READ, (run, stream))

    def _furnished(self, call, mark):
        """The call with what differs from the process that forks, so that the action need not look at all of it."""
        wanted = {**call["environment"], VARIABLE: mark}
        return {
            **call,
            "directoryOfEntry": os.path.dirname(os.path.realpath(call["entry"])),
            "unset": [name for name in self.environment if name not in wanted],
            "set": {name: value for name, value in wanted.items() if self.environment.get(name) != value},
        }

    def _began(self, run, pid):
        self.beginning.discard(run.number)
        run.family = Family(pid, run.mark)
        frames.send(self.frames_fd, run.number, frames.STARTED)
        if run.stop is not None:
            run.signal(run.stop)

    def _fail(self, number, reason):
        self.beginning.discard(number)
        run = self.runs.pop(number)
        for stream in list(run.open):
            self._close(run, stream)
        frames.send(self.frames_fd, number, frames.FAILED, reason)

    def _note_end(self, run, status):
        self.beginning.discard(run.number)
        run.status = status
        run.deadline = time.monotonic() + LINGER
        self.ended.append(run)
        if run.stop is not None and run.family is not None:
            run.family.kill()

    def _read(self, run, stream):
        """Reads what is there, a bounded amount at a time, so that one loud action does not silence the others."""
        try:
            data = os.read(stream.fd, CHUNK)
        except BlockingIOError:
            return False
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            data = b""
        if not data:
            self._close(run, stream)
            return False
        kept = data[: stream.left]
        stream.left -= len(kept)
        stream.cut = stream.cut or len(kept) < len(data)
        if stream.kind == frames.RESULT:
            stream.kept += kept
        elif kept:
            frames.send(self.frames_fd, run.number, stream.kind, kept)
        return True

    def _close(self, run, stream):
        if stream in run.open:
            run.open.discard(stream)
            self.selector.unregister(stream.fd)
            os.close(stream.fd)

    def _finish(self):
        for run in list(self.ended):
            for stream in list(run.open):
                while not stream.cut and self._read(run, stream):
                    pass
            if run.open and time.monotonic() < run.deadline:
                continue
            for stream in list(run.open):
                self._close(run, stream)
            del self.runs[run.number]
            self.ended.remove(run)
            self._tell_end(run)

    def _tell_end(self, run):
        out, err, result = run.streams
        if result.kept and not result.cut:
            frames.send(self.frames_fd, run.number, frames.RESULT, bytes(result.kept))
        end = {
            "code": os.WEXITSTATUS(run.status) if os.WIFEXITED(run.status) else -os.WTERMSIG(run.status),
            "truncated": out.cut or err.cut,
            "resultTooLarge": result.cut,
        }
        frames.send_json(self.frames_fd, run.number, frames.EXIT, end)

    def _kill(self, number, how):
        run = self.runs.get(number)
        if run is not None:
            run.signal(how)
            return
        left = [item for item in self.waiting if item[0] != number]
        # What is being prepared stays the first: its libraries are there soon, and the next call is prepared anew.
        if len(left) < len(self.waiting):
            self.waiting = left
            end = {"code": -how, "truncated": False, "resultTooLarge": False}
            frames.send_json(self.frames_fd, number, frames.EXIT, end)

    def end_all(self):
        for run in self.runs.values():
            if run.family is not None:
                run.family.kill()
        if self.preparing:
            # It may hang in a library's import; nothing else keeps it from noticing that this process is gone.
            os.kill(self.zygote, signal.SIGKILL)


def _compiled(path):
    """The file's code; None where it cannot be had, which the action then says itself."""
    try:
        with open(path, "rb") as file:
            return compile(file.read(), path, "exec", dont_inherit=True)
    except (OSError, SyntaxError, ValueError, RecursionError):
        return None


def _file(data):
    """A file without a name that holds those bytes."""
    if hasattr(os, "memfd_create"):
        fd = os.memfd_create("call")
    else:
        with tempfile.TemporaryFile() as file:
            fd = os.dup(file.fileno())
    with open(fd, "wb", closefd=False) as file:
        file.write(data)
    return fd


def main(requests_fd, frames_fd, end, zygote):
    server = Server(json.loads(sys.argv[1]), requests_fd, frames_fd, end, zygote)
    try:
        server.loop()
    finally:
        server.end_all()
    return 0
