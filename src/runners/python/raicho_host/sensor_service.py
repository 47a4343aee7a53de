"""`sensor_service`: what a sensor may ask of the engine."""

import json
import logging

from raicho_host import outcome
from raicho_host.sensor_channel import Stopped
from st2common.services.datastore import SensorDatastoreService

SYSTEM_SCOPE = "system"
_UNSAID = object()


class Wrapper:
    """What the service knows about the sensor; packs and their tests look at these names."""

    def __init__(self, call):
        self._pack = call["pack"]
        self._file_path = call["entry"]
        self._class_name = call["className"]
        self._trigger_types = call["triggerTypes"]
        self._poll_interval = call["pollInterval"]
        self._logger = logging.getLogger("SensorWrapper.%s.%s" % (self._pack, self._class_name))


class SensorService:
    def __init__(self, sensor_wrapper, channel, checkpoint):
        self._sensor_wrapper = sensor_wrapper
        self._logger = sensor_wrapper._logger
        self._channel = channel
        self._checkpoint = checkpoint
        self._datastore_service = SensorDatastoreService(
            logger=self._logger,
            pack_name=sensor_wrapper._pack,
            class_name=sensor_wrapper._class_name,
            api_username="sensor_service",
        )

    @property
    def datastore_service(self):
        return self._datastore_service

    def get_logger(self, name):
        """A logger whose lines go to the engine's log."""
        return logging.getLogger("%s.%s" % (self._logger.name, name))

    def get_user_info(self):
        return self._datastore_service.get_user_info()

    # Events

    def dispatch(self, trigger, payload=None, trace_tag=None, dedupe_key=None, checkpoint=_UNSAID):
        """Tells the engine of an event; returns when that is on disk.

        `trigger`: the trigger type's reference, or the reference or dictionary of a trigger that `add_trigger` got.
        `dedupe_key`: an event with the same key of the same sensor is stored once.
        `checkpoint`: how far the sensor came in its source, stored together with the event or not at all.
        """
        self._take([_event(trigger, payload, trace_tag, dedupe_key)], checkpoint)

    def dispatch_with_context(self, trigger, payload=None, trace_context=None, dedupe_key=None, checkpoint=_UNSAID):
        """As `dispatch`; `trace_context` is a dictionary or an object with `trace_tag`, or with the `id_` of a trace that goes on with the event."""
        named = trace_context if isinstance(trace_context, dict) else getattr(trace_context, "__dict__", {})
        self._take([_event(trigger, payload, named.get("trace_tag"), dedupe_key, named.get("id_"))], checkpoint)

    def dispatch_all(self, events, checkpoint=_UNSAID):
        """Many events and a checkpoint in one step: all of it is stored, or nothing.

        Each event is a dictionary with `trigger`, and where wanted `payload`, `trace_tag`, `dedupe_key`.
        """
        self._take([_event(**event) for event in events], checkpoint)

    # How far the sensor came

    def get_checkpoint(self, default=None):
        """The checkpoint that was stored last, by this process or one before it."""
        return default if self._checkpoint is None else json.loads(self._checkpoint)

    def set_checkpoint(self, value):
        """Stores a checkpoint without an event. None removes it."""
        self._take([], value)

    # Datastore

    def list_values(self, local=True, prefix=None, limit=None, offset=None):
        return self.datastore_service.list_values(local=local, prefix=prefix, limit=limit, offset=offset)

    def get_value(self, name, local=True, scope=SYSTEM_SCOPE, decrypt=False):
        return self.datastore_service.get_value(name, local=local, scope=scope, decrypt=decrypt)

    def set_value(self, name, value, ttl=None, local=True, scope=SYSTEM_SCOPE, encrypt=False):
        return self.datastore_service.set_value(name, value, ttl=ttl, local=local, scope=scope, encrypt=encrypt)

    def delete_value(self, name, local=True, scope=SYSTEM_SCOPE):
        return self.datastore_service.delete_value(name, local=local, scope=scope)

    def _take(self, events, checkpoint):
        said = checkpoint is not _UNSAID
        if not events and not said:
            return
        # As it will be read again: what JSON cannot hold is refused here, where the sensor sees it.
        text = json.dumps(checkpoint, allow_nan=False) if said else None
        try:
            answer = self._channel.dispatch(events, {"checkpoint": json.loads(text)} if said else {})
        except Stopped:
            raise SystemExit(0) from None
        for message in answer.get("dropped", ()):
            self._logger.warning(message)
        if said:
            self._checkpoint = None if checkpoint is None else text


def _event(trigger, payload=None, trace_tag=None, dedupe_key=None, trace=None):
    event = {"trigger": _simple(trigger), "payload": _simple({} if payload is None else payload)}
    if trace_tag:
        event["traceTag"] = str(trace_tag)
    if trace:
        event["trace"] = str(trace)
    if dedupe_key is not None:
        event["dedupeKey"] = str(dedupe_key)
    return event


def _simple(value):
    """As JSON holds it; what it cannot hold becomes text, part by part."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else str(key): _simple(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_simple(item) for item in value]
    if isinstance(value, (bytes, bytearray)):
        return bytes(value).decode("utf-8", "replace")
    return json.loads(outcome.as_json(value))
