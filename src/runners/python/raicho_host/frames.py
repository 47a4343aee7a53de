"""What the worker and a fork server tell each other.

To the server: four bytes of length, then a JSON object with `kind`: `run` (`id`, `call`) or `kill` (`id`, `signal`).
To the worker: length (4), id of the run (4), kind (1), then the bytes of the frame.
"""

import json
import os
import struct

STDOUT, STDERR, RESULT, EXIT, STALE, FAILED, STARTED = range(1, 8)

_HEAD = struct.Struct(">IIB")
_LENGTH = struct.Struct(">I")


def send(fd, run, kind, payload=b""):
    data = _HEAD.pack(len(payload), run, kind) + payload
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def send_json(fd, run, kind, value):
    send(fd, run, kind, json.dumps(value).encode())


class Requests:
    """Takes bytes in, gives whole requests out."""

    def __init__(self):
        self._bytes = bytearray()

    def add(self, data):
        self._bytes += data
        while len(self._bytes) >= _LENGTH.size:
            (length,) = _LENGTH.unpack_from(self._bytes)
            end = _LENGTH.size + length
            if len(self._bytes) < end:
                return
            request = json.loads(self._bytes[_LENGTH.size : end])
            del self._bytes[:end]
            yield request
