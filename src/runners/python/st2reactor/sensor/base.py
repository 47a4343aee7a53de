import abc
import sys
import time

__all__ = ["Sensor", "PollingSensor"]


class BaseSensor(abc.ABC):
    """What both kinds of sensors have: the service they dispatch through, and their pack's configuration."""

    def __init__(self, sensor_service, config=None):
        self.sensor_service = sensor_service
        self.config = config or {}
        # The older names, still in use.
        self._sensor_service = self.sensor_service
        self._config = self.config

    @abc.abstractmethod
    def setup(self):
        """Called once before `run`."""

    @abc.abstractmethod
    def run(self):
        """Called once; returns when the sensor ends."""

    @abc.abstractmethod
    def cleanup(self):
        """Called once at the end."""

    @abc.abstractmethod
    def add_trigger(self, trigger):
        """Called with every trigger of the sensor's types that a rule makes."""

    @abc.abstractmethod
    def update_trigger(self, trigger):
        """Called when such a trigger changes."""

    @abc.abstractmethod
    def remove_trigger(self, trigger):
        """Called when such a trigger is no longer there."""


class Sensor(BaseSensor):
    """A sensor that waits for events in its own `run`."""


class PollingSensor(BaseSensor):
    """A sensor whose `poll` is called again and again."""

    def __init__(self, sensor_service, config=None, poll_interval=5):
        super().__init__(sensor_service, config=config)
        self._poll_interval = poll_interval

    @abc.abstractmethod
    def poll(self):
        """Looks once for news."""

    def run(self):
        while True:
            self.poll()
            _sleep(self._poll_interval)

    def get_poll_interval(self):
        """Seconds between two polls."""
        return self._poll_interval

    def set_poll_interval(self, poll_interval):
        self._poll_interval = poll_interval


def _sleep(seconds):
    """Lets the other threads of a sensor work that uses eventlet, as StackStorm does."""
    eventlet = sys.modules.get("eventlet")
    (time if eventlet is None else eventlet).sleep(seconds)
