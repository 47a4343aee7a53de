"""Follows files as `tail -F` does: new lines only, the last ones before a rotation too. How far it came is kept with the events, so that a restart
neither loses nor repeats lines."""

import os
import socket
import threading

from st2reactor.sensor.base import Sensor

_PAUSE = 0.5
# Bytes: read at once, and waited for to become a whole line.
_CHUNK = 1 << 20
_LONGEST = 1 << 16
# Events in one step.
_AT_ONCE = 500


class _Follower:
    """`place`: inode and offset up to which the file was told before; None: only what is written from now on."""

    def __init__(self, path, place, tell, logger):
        self._path = path
        self._place = place
        self._tell = tell
        self._logger = logger
        self._file, self._inode, self._offset = None, None, 0
        self._first = True
        self._said = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def stop(self):
        self._stop.set()

    def _follow(self):
        while not self._stop.is_set():
            try:
                self._look()
                self._said = None
            except Exception as error:
                if str(error) != self._said:
                    self._logger.warning("%s: %s; it is tried again", self._path, error)
                self._said = str(error)
            self._first = False
            self._stop.wait(_PAUSE)
        if self._file is not None:
            self._file.close()

    def _look(self):
        try:
            facts = os.stat(self._path)
        except OSError:
            self._leave()
            raise
        if self._file is not None and facts.st_ino != self._inode:
            self._leave()
        if self._file is None:
            self._open()
        elif facts.st_size < self._offset:
            self._offset = 0
        self._read()

    def _open(self):
        self._file = open(self._path, "rb")
        facts = os.fstat(self._file.fileno())
        self._inode, self._offset = facts.st_ino, 0
        if not self._first:
            return
        if self._place is None:
            self._offset = facts.st_size
            # From here on nothing is lost, even before the first line.
            self._tell(self, [], (self._inode, self._offset))
        elif self._place[0] == self._inode and self._place[1] <= facts.st_size:
            self._offset = self._place[1]

    def _leave(self):
        """What was written to a file until it went."""
        if self._file is None:
            return
        self._read()
        rest = self._ahead()
        if rest:
            self._say([rest])
        self._file.close()
        self._file = None

    def _ahead(self):
        self._file.seek(self._offset)
        return self._file.read(_CHUNK)

    def _read(self):
        while not self._stop.is_set():
            chunk = self._ahead()
            lines = chunk.split(b"\n")
            # The last one is not whole yet.
            rest = lines.pop()
            if len(rest) >= _LONGEST and not lines:
                lines = [rest[:_LONGEST]]
                self._say(lines, ends=0)
            elif lines:
                self._say(lines)
            else:
                return

    def _say(self, lines, ends=1):
        """`ends`: bytes between two lines."""
        for start in range(0, len(lines), _AT_ONCE):
            some = lines[start : start + _AT_ONCE]
            after = self._offset + sum(len(line) + ends for line in some)
            self._tell(self, [line.decode("utf-8", "replace").rstrip("\r") for line in some], (self._inode, after))
            self._offset = after


class FileWatchSensor(Sensor):
    def __init__(self, sensor_service, config=None):
        super().__init__(sensor_service, config=config)
        self._logger = sensor_service.get_logger(__name__)
        self._followers = {}
        self._ended = threading.Event()
        # Inodes are those of one machine.
        self._host = socket.gethostname()
        self._places = {}
        self._keeping = threading.Lock()

    def setup(self):
        known = self.sensor_service.get_checkpoint({})
        if known.get("host") == self._host:
            self._places = dict(known.get("places", {}))

    def run(self):
        self._ended.wait()

    def cleanup(self):
        self._ended.set()
        for follower in self._followers.values():
            follower.stop()

    def add_trigger(self, trigger):
        path, ref = (trigger.get("parameters") or {}).get("file_path"), trigger.get("ref")
        if not path or not ref:
            self._logger.error("a trigger without file_path: %s", trigger)
            return

        def tell(follower, lines, place):
            payloads = [{"file_path": path, "file_name": os.path.basename(path), "line": line} for line in lines]
            with self._keeping:
                # Another one follows that file by now, or nobody.
                if self._followers.get(path) is not follower:
                    return
                self._keep([{"trigger": ref, "payload": payload} for payload in payloads], {**self._places, path: place})

        with self._keeping:
            before = self._followers.pop(path, None)
            if before is not None:
                before.stop()
            self._followers[path] = _Follower(path, self._places.get(path), tell, self._logger)

    def update_trigger(self, trigger):
        self.add_trigger(trigger)

    def remove_trigger(self, trigger):
        path = (trigger.get("parameters") or {}).get("file_path")
        with self._keeping:
            follower = self._followers.pop(path, None)
            if follower is None:
                return
            follower.stop()
            # What is written while nobody listens is nobody's.
            self._keep([], {name: place for name, place in self._places.items() if name != path})

    def _keep(self, events, places):
        self.sensor_service.dispatch_all(events, checkpoint={"host": self._host, "places": places})
        self._places = places
