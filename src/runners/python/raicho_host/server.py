"""The loop of the fork server. Its rules are in `fork_server.py`."""

import errno
import gc
import json
import os
import selectors
import signal
import sys
import time

from raicho_host import action, frames
from raicho_host.family import VARIABLE, Family
from raicho_host.guardian import Guardian
from raicho_host.preload import Preloader
import st2common.services.datastore  # noqa: F401 - warm for every action

CHUNK = 1 << 16
# Seconds that output may come in after an action's process has ended.
LINGER = 0.3


class Stream:
    """One of an action's pipes: stdout and stderr are passed on, the result is kept."""

    def __init__(self, fd, kind, limit):
        self.fd = fd
        self.kind = kind
        self.left = limit
        self.cut = False
        self.kept = bytearray()


class Run:
    def __init__(self, number, pid, mark, streams):
        self.family = Family(pid, mark)
        self.number = number
        self.pid = pid
        self.streams = streams
        self.open = set(streams)
        self.status = None
        self.deadline = None
        self.stopped = False


class Server:
    def __init__(self, options, requests_fd, frames_fd):
        self.options = options
        self.requests_fd = requests_fd
        self.frames_fd = frames_fd
        self.requests = frames.Requests()
        self.runs = {}
        self.by_pid = {}
        self.ended = []
        self.guardian = Guardian([requests_fd, frames_fd])
        self.preloader = Preloader(options["skip"]) if options["preload"] else None
        self.selector = selectors.DefaultSelector()
        self.selector.register(requests_fd, selectors.EVENT_READ, None)
        self.wake, self.waker = os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(self.waker, False)
        self.selector.register(self.wake, selectors.EVENT_READ, None)
        signal.set_wakeup_fd(self.waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def loop(self):
        while True:
            for key, _ in self.selector.select(self._patience()):
                if key.fd == self.requests_fd:
                    if not self._hear():
                        return
                elif key.fd == self.wake:
                    self._reap()
                elif key.data is not None:
                    self._read(*key.data)
            if self.ended:
                self._finish()

    def _patience(self):
        if not self.ended:
            return None
        return max(0.0, min(run.deadline for run in self.ended) - time.monotonic())

    def _hear(self):
        data = os.read(self.requests_fd, CHUNK)
        if not data:
            return False
        for request in self.requests.add(data):
            if request["kind"] == "run":
                self._start(request["id"], request["call"])
            else:
                self._kill(request["id"], request["signal"])
        return True

    def _start(self, number, call):
        reason = self._unfit(call)
        if reason is not None:
            frames.send_json(self.frames_fd, number, frames.STALE, reason)
            return
        mark = call["environment"][VARIABLE] = os.urandom(16).hex()
        prepared = action.Prepared(call)
        pipes = []
        try:
            pipes = [os.pipe() for _ in range(3)]
            pid = os.fork()
        except OSError as error:
            for pipe in pipes:
                os.close(pipe[0])
                os.close(pipe[1])
            frames.send_json(self.frames_fd, number, frames.FAILED, str(error))
            return
        if pid == 0:
            self._become(call, prepared, pipes, mark)
        bounds = (call["outputLimit"], call["outputLimit"], call["resultLimit"])
        kinds = (frames.STDOUT, frames.STDERR, frames.RESULT)
        readers = [reader for reader, _ in pipes]
        run = Run(number, pid, mark, [Stream(*three) for three in zip(readers, kinds, bounds)])
        self.runs[number] = self.by_pid[pid] = run
        for _, writer in pipes:
            os.close(writer)
        for stream in run.streams:
            os.set_blocking(stream.fd, False)
            self.selector.register(stream.fd, selectors.EVENT_READ, (run, stream))
        frames.send(self.frames_fd, number, frames.STARTED)

    def _unfit(self, call):
        """Why this process cannot run that call: a library changed, or a thread was started by one."""
        if self.preloader is None:
            return None
        if self.preloader.changed():
            return {"skip": []}
        threaded = self.preloader.load(call["entry"], call["paths"])
        return {"skip": threaded} if threaded else None

    def _become(self, call, prepared, pipes, mark):
        """In the new process: lets go of the server's things and becomes the action. Does not return."""
        status = 1
        try:
            os.setsid()
            self.guardian.began(os.getpid(), mark)
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.default_int_handler)
            others = [stream.fd for run in self.runs.values() for stream in run.open]
            self.selector.close()
            own = [self.requests_fd, self.frames_fd, self.guardian.fd, self.wake, self.waker]
            for fd in own + others + [reader for reader, _ in pipes]:
                os.close(fd)
            (_, out), (_, err), (_, result) = pipes
            os.dup2(out, 1)
            os.dup2(err, 2)
            os.close(out)
            os.close(err)
            status = action.run(call, prepared, result)
        finally:
            os._exit(status)

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

    def _reap(self):
        """Takes note of every process that has ended. The guardian is one of them only when this process is done for, too."""
        try:
            os.read(self.wake, CHUNK)
        except BlockingIOError:
            pass
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            run = self.by_pid.pop(pid, None)
            if run is None:
                continue
            run.status = status
            run.deadline = time.monotonic() + LINGER
            self.ended.append(run)
            if run.stopped:
                run.family.kill()
            self.guardian.ended(run.pid)

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

    def _kill(self, number, name):
        run = self.runs.get(number)
        if run is None or run.status is not None:
            return
        run.stopped = True
        if name == "SIGKILL":
            run.family.kill()
        else:
            run.family.signal(signal.SIGTERM)

    def kill_all(self):
        for run in self.runs.values():
            run.family.kill()


def main():
    options = json.loads(sys.argv[1])
    requests_fd = os.dup(0)
    frames_fd = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # What a library prints while it is imported belongs to nobody's output.
    os.dup2(2, 1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    server = Server(options, requests_fd, frames_fd)
    gc.collect()
    gc.freeze()
    try:
        server.loop()
    finally:
        server.kill_all()
    return 0
