"""What the server and the process that forks tell each other: kind (1), number of the run (4), length (4), then that many bytes."""

import socket
import struct

# To the one that forks. PREPARE: marshalled `{"entry", "name", "code", "libraries"}`. FORK: the run's mark, with the call and the writing ends
# of its three pipes as file descriptors.
PREPARE, FORK = 1, 2
# From it. PREPARED: marshalled, see `Libraries.load`. BEGAN: the process's id. ENDED: its status as `waitpid` gives it. FAILED: why, as text.
PREPARED, BEGAN, ENDED, FAILED = 3, 4, 5, 6

NUMBER = struct.Struct(">q")
_HEAD = struct.Struct(">BII")
_CHUNK = 1 << 16
_SPACE = socket.CMSG_SPACE(16 * struct.calcsize("i"))
_FLAGS = getattr(socket, "MSG_CMSG_CLOEXEC", 0)


def message(kind, number, payload=b""):
    return _HEAD.pack(kind, number, len(payload)) + payload


def send(end, kind, number, payload=b"", fds=()):
    data = message(kind, number, payload)
    rights = struct.pack("%di" % len(fds), *fds)
    sent = end.sendmsg([data], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if fds else [])
    if sent < len(data):
        end.sendall(data[sent:])


class Reader:
    """Takes what has come in. `fds` are the file descriptors that came with it, in the order of their messages."""

    def __init__(self, end):
        self._end = end
        self._bytes = b""
        self.fds = []

    def read(self):
        """The messages that are complete, `(kind, number, payload)`; None when the other side is gone."""
        try:
            data, ancillary, _, _ = self._end.recvmsg(_CHUNK, _SPACE, _FLAGS)
        except ConnectionError:
            return None
        if not data:
            return None
        for _, _, rights in ancillary:
            self.fds.extend(struct.unpack("%di" % (len(rights) // 4), rights))
        rest = self._bytes + data if self._bytes else data
        messages = []
        while len(rest) >= _HEAD.size:
            kind, number, length = _HEAD.unpack_from(rest)
            end = _HEAD.size + length
            if len(rest) < end:
                break
            messages.append((kind, number, rest[_HEAD.size : end]))
            rest = rest[end:]
        self._bytes = rest
        return messages
