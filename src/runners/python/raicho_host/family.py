"""Everything that descends from an action, also what left its process group or session.

Found by parentage and by a mark in the environment (`RAICHO_RUN`) that the action's programs inherit. Needs Linux's /proc; without it only the
group is known.
"""

import os
import signal

VARIABLE = "RAICHO_RUN"
_ROUNDS = 4


class Family:
    """`leader` leads a process group; `mark` is the value of RAICHO_RUN in its environment."""

    def __init__(self, leader, mark):
        self.leader = leader
        self._mark = ("%s=%s" % (VARIABLE, mark)).encode()
        self._known = set()

    def signal(self, number):
        """Signals the group and everybody else who is found; gives how many were found."""
        members = self._members()
        self._known.update(members)
        # Asked politely, everybody is asked once: a second signal would meet a program that is cleaning up after the first.
        whole = number == signal.SIGKILL or not members
        refused = [] if not whole or _signalled(os.killpg, self.leader, number) else [-self.leader]
        refused += [pid for pid, _ in members if not _signalled(os.kill, pid, number)]
        if refused:
            _as_root(refused, number)
        return len(members)

    def kill(self):
        for _ in range(_ROUNDS):
            if self.signal(signal.SIGKILL) == 0:
                return

    def _members(self):
        everybody = [stat for stat in map(_stat, _pids()) if stat is not None]
        inside = {
            stat[0]
            for stat in everybody
            if stat[0] == self.leader
            or stat[2] == self.leader
            or (stat[0], stat[3]) in self._known
            or self._carries(stat[0])
        }
        size = -1
        while size != len(inside):
            size = len(inside)
            inside.update(pid for pid, parent, _, _ in everybody if parent in inside)
        inside.discard(os.getpid())
        return [(pid, start) for pid, _, _, start in everybody if pid in inside]

    def _carries(self, pid):
        try:
            with open("/proc/%d/environ" % pid, "rb") as file:
                return self._mark in file.read().split(b"\0")
        except OSError:
            return False


def _pids():
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdigit()]
    except OSError:
        return []


def _stat(pid):
    """Number, parent, group and start of a process; None when it is gone or only waits to be taken note of."""
    try:
        with open("/proc/%d/stat" % pid, "rb") as file:
            text = file.read()
    except OSError:
        return None
    fields = text[text.rindex(b")") + 2 :].split()
    return None if fields[0] in (b"Z", b"X") else (pid, int(fields[1]), int(fields[2]), fields[19])


def _signalled(send, pid, number):
    """False when it belongs to somebody else."""
    try:
        send(pid, number)
    except PermissionError:
        return False
    except OSError:
        pass
    return True


def _as_root(pids, number):
    import subprocess

    words = ["sudo", "-n", "kill", "-%d" % number, "--", *map(str, pids)]
    try:
        subprocess.Popen(
            words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
    except OSError:
        pass
