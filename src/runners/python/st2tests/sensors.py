from st2tests.mocks.sensor import MockSensorService, MockSensorWrapper
from st2tests.pack_resource import BasePackResourceTestCase

__all__ = ["BaseSensorTestCase"]


class BaseSensorTestCase(BasePackResourceTestCase):
    """For tests of one sensor: `sensor_cls` is its class."""

    sensor_cls = None

    def setUp(self):
        super().setUp()
        self.sensor_service = MockSensorService(MockSensorWrapper("tests", self.sensor_cls.__name__))

    def get_sensor_instance(self, config=None, poll_interval=None):
        options = {"sensor_service": self.sensor_service}
        if config:
            options["config"] = config
        if poll_interval is not None:
            options["poll_interval"] = poll_interval
        return self.sensor_cls(**options)

    def get_dispatched_triggers(self):
        return self.sensor_service.dispatched_triggers

    def get_last_dispatched_trigger(self):
        return self.sensor_service.dispatched_triggers[-1]

    def assertTriggerDispatched(self, trigger, payload=None, trace_context=None):
        """One of the dispatched triggers has that name, and what else is given."""
        for item in self.get_dispatched_triggers():
            fits = item["trigger"] == trigger
            fits = fits and (not payload or item["payload"] == payload)
            fits = fits and (not trace_context or item["trace_context"] == trace_context)
            if fits:
                return True
        raise AssertionError('Trigger "%s" hasn\'t been dispatched' % trigger)
