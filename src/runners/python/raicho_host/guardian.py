"""Kills what a fork server left running when the server itself is gone."""

import os
import signal

from raicho_host.family import Family


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

    def began(self, pid, mark):
        """Called in the new process before it does anything else."""
        os.write(self.fd, b"+%d %s\n" % (pid, mark.encode()))

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
    families = {}
    rest = b""
    while True:
        data = os.read(reader, 65536)
        *lines, rest = (rest + data).split(b"\n")
        for line in lines:
            if line[:1] == b"+":
                pid, mark = line[1:].split()
                families[int(pid)] = Family(int(pid), mark.decode())
            else:
                families.pop(int(line[1:]), None)
        if not data:
            break
    for family in families.values():
        family.kill()
    os._exit(0)
