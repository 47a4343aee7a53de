"""Kills what a fork server left running when the server itself is gone."""

import os
import signal


class Guardian:
    """A process that holds the other end of a pipe: it is told which groups run, and kills them when the pipe ends."""

    def __init__(self, close_in_child):
        reader, self.fd = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(self.fd)
            for fd in close_in_child:
                os.close(fd)
            _guard(reader)
        os.close(reader)
        self.pid = pid

    def began(self, pid):
        """Called in the new process before it does anything else."""
        os.write(self.fd, b"+%d\n" % pid)

    def ended(self, pid):
        try:
            os.write(self.fd, b"-%d\n" % pid)
        except OSError:
            pass


def _guard(reader):
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    nothing = os.open(os.devnull, os.O_RDWR)
    for fd in (0, 1, 2):
        os.dup2(nothing, fd)
    groups = set()
    rest = b""
    while True:
        data = os.read(reader, 65536)
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if line[:1] == b"+":
                groups.add(int(line[1:]))
            else:
                groups.discard(int(line[1:]))
        if not data:
            break
    for group in groups:
        try:
            os.killpg(group, signal.SIGKILL)
        except OSError:
            pass
    os._exit(0)
