"""Follows files as `tail -F` does: new lines only, also after a rotation."""

import os
import threading

from st2reactor.sensor.base import Sensor

_PAUSE = 0.5


class _Follower:
    def __init__(self, path, dispatch, logger):
        self._path = path
        self._dispatch = dispatch
        self._logger = logger
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._follow, daemon=True)
        self._thread.start()

    def stop(self):
        self._stop.set()

    def _follow(self):
        file, inode, rest, first = None, None, "", True
        while not self._stop.is_set():
            try:
                facts = os.stat(self._path)
                if file is None or facts.st_ino != inode or facts.st_size < file.tell():
                    if file is not None:
                        file.close()
                    file, inode, rest = open(self._path, encoding="utf-8", errors="replace"), facts.st_ino, ""
                    if first:
                        file.seek(0, os.SEEK_END)
                *lines, rest = (rest + file.read()).split("\n")
                for line in lines:
                    self._dispatch(line)
            except OSError as error:
                if first or file is not None:
                    self._logger.warning("%s: %s; it is waited for", self._path, error)
                file = None
            first = False
            self._stop.wait(_PAUSE)


class FileWatchSensor(Sensor):
    def __init__(self, sensor_service, config=None):
        super().__init__(sensor_service, config=config)
        self._logger = sensor_service.get_logger(__name__)
        self._followers = {}
        self._ended = threading.Event()

    def setup(self):
        pass

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

        def dispatch(line):
            payload = {"file_path": path, "file_name": os.path.basename(path), "line": line}
            self.sensor_service.dispatch(trigger=ref, payload=payload)

        self.remove_trigger(trigger)
        self._followers[path] = _Follower(path, dispatch, self._logger)

    def update_trigger(self, trigger):
        self.add_trigger(trigger)

    def remove_trigger(self, trigger):
        follower = self._followers.pop((trigger.get("parameters") or {}).get("file_path"), None)
        if follower is not None:
            follower.stop()
