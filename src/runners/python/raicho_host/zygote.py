"""The process that forks: it holds the libraries that actions import, and becomes every action by a fork.

It does as little as it can besides. After a fork every page that either side writes to has to be copied first, and with counted references
looking at an object is writing. So whatever needs more than a few objects is done by the server, which is never forked.
"""

import _signal  # without the enumerations of `signal`, which cost a fork dozens of pages
import gc
import marshal
import os
import select
import signal
import socket

from raicho_host import action, link
from raicho_host.family import Family
from raicho_host.libraries import Libraries


class Zygote:
    def __init__(self, end):
        self.end = end
        self.own = end.fileno()
        self.reader = link.Reader(end)
        self.libraries = Libraries()
        # File of an action → (code, module that is still empty).
        self.prepared = {}
        # Process → (number, mark) of the run.
        self.running = {}
        self.wake, self.waker = os.pipe()
        os.set_blocking(self.wake, False)
        os.set_blocking(self.waker, False)
        signal.set_wakeup_fd(self.waker, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)

    def loop(self):
        """Until the server is gone, whose runs are then ended."""
        poller = select.poll()
        poller.register(self.end, select.POLLIN)
        poller.register(self.wake, select.POLLIN)
        gone = False
        while not gone:
            for fd, _ in poller.poll():
                if fd == self.own:
                    gone = not self._hear()
                else:
                    self._reap()
        for pid, (_, mark) in self.running.items():
            Family(pid, mark).kill()

    def _hear(self):
        messages = self.reader.read()
        if messages is None:
            return False
        for kind, number, payload in messages:
            if kind == link.FORK:
                self._fork(number, payload.decode())
            else:
                self._prepare(number, marshal.loads(payload))
        return True

    def _prepare(self, number, wanted):
        code, path = wanted["code"], wanted["entry"]
        # None: whatever is wrong with the file is found out, and said, by the action itself.
        module = None if code is None else action.empty_module(wanted["name"], path)
        self.prepared[path] = (code, module)
        learned = self.libraries.load(wanted["libraries"])
        # Nothing collected later: a collection in an action would copy every page that it looks at.
        gc.collect()
        gc.freeze()
        self._tell(link.PREPARED, number, marshal.dumps(learned))

    def _fork(self, number, mark):
        fds, self.reader.fds = self.reader.fds[:4], self.reader.fds[4:]
        pid = None
        try:
            pid = os.fork()
        except OSError as error:
            self._tell(link.FAILED, number, str(error).encode())
        if pid == 0:
            self._become(number, fds)
        if pid is not None:
            self.running[pid] = (number, mark)
        for fd in fds:
            os.close(fd)

    def _become(self, number, fds):
        """In the new process: lets go of what is not its own and becomes the action. Does not return."""
        status = 1
        try:
            os.setsid()
            # Told by itself and before all else: there is no moment in which it runs and the server does not know of it.
            os.write(self.own, link.message(link.BEGAN, number, link.NUMBER.pack(os.getpid())))
            _signal.set_wakeup_fd(-1)
            _signal.signal(_signal.SIGCHLD, _signal.SIG_DFL)
            _signal.signal(_signal.SIGTERM, _signal.SIG_DFL)
            _signal.signal(_signal.SIGHUP, _signal.SIG_DFL)
            _signal.signal(_signal.SIGINT, _signal.default_int_handler)
            call_fd, out, err, result = fds
            os.dup2(out, 1)
            os.dup2(err, 2)
            call = marshal.loads(os.pread(call_fd, os.fstat(call_fd).st_size, 0))
            os.close(self.own)
            os.close(self.wake)
            os.close(self.waker)
            os.close(call_fd)
            os.close(out)
            os.close(err)
            status = action.run(call, self.prepared[call["entry"]], result)
        finally:
            os._exit(status)

    def _reap(self):
        try:
            os.read(self.wake, 4096)
        except BlockingIOError:
            pass
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            # The server is a child as well; its end is the end of the socket.
            number, _ = self.running.pop(pid, (None, None))
            if number is not None:
                self._tell(link.ENDED, number, link.NUMBER.pack(status))

    def _tell(self, kind, number, payload):
        try:
            link.send(self.end, kind, number, payload)
        except OSError:
            # The server is gone: the next look at the socket says so.
            pass


def main():
    """Becomes two processes: the server, which speaks with the worker, and the one that forks."""
    requests_fd = os.dup(0)
    frames_fd = os.dup(1)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    # What a library prints while it is imported belongs to nobody's output.
    os.dup2(2, 1)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    ours, theirs = socket.socketpair()
    own = os.getpid()
    if os.fork() == 0:
        ours.close()
        _serve(requests_fd, frames_fd, theirs, own)
    theirs.close()
    os.close(requests_fd)
    os.close(frames_fd)
    Zygote(ours).loop()
    return 0


def _serve(requests_fd, frames_fd, end, zygote):
    """Does not return. In a session of its own: whoever ends the worker's group does not end those who clean up after it."""
    status = 1
    try:
        os.setsid()
        from raicho_host import server

        status = server.main(requests_fd, frames_fd, end, zygote)
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        os._exit(status)
