"""What stands for the engine while a sensor is tested."""

import logging
from unittest.mock import Mock

from st2tests.mocks.datastore import MockDatastoreService

__all__ = ["MockSensorWrapper", "MockSensorService"]


class MockSensorWrapper:
    def __init__(self, pack, class_name):
        self._pack = pack
        self._class_name = class_name


class MockSensorService:
    """Remembers in `dispatched_triggers` what the sensor dispatched."""

    def __init__(self, sensor_wrapper):
        self._sensor_wrapper = sensor_wrapper
        # A mock, so that tests can ask what was logged.
        self._logger = Mock(spec=logging.getLogger())
        self.dispatched_triggers = []
        self._datastore_service = MockDatastoreService(
            logger=self._logger, pack_name=sensor_wrapper._pack, class_name=sensor_wrapper._class_name
        )

    @property
    def datastore_service(self):
        return self._datastore_service

    def get_logger(self, name):
        return self._logger

    def get_user_info(self):
        return self._datastore_service.get_user_info()

    def dispatch(self, trigger, payload=None, trace_tag=None):
        context = {"trace_tag": trace_tag} if trace_tag else None
        return self.dispatch_with_context(trigger, payload=payload, trace_context=context)

    def dispatch_with_context(self, trigger, payload=None, trace_context=None):
        item = {"trigger": trigger, "payload": payload, "trace_context": trace_context}
        self.dispatched_triggers.append(item)
        return item

    def list_values(self, local=True, prefix=None, limit=None, offset=0):
        return self._datastore_service.list_values(local=local, prefix=prefix, limit=limit, offset=offset)

    def get_value(self, name, local=True, **options):
        return self._datastore_service.get_value(name, local=local, **options)

    def set_value(self, name, value, ttl=None, local=True, **options):
        return self._datastore_service.set_value(name, value, ttl=ttl, local=local, **options)

    def delete_value(self, name, local=True, **options):
        return self._datastore_service.delete_value(name, local=local, **options)
