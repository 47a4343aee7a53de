"""What an action returned, as JSON that says the same."""

import dataclasses
import datetime
import enum
import json
import uuid

WRONG_STATUS = 220

_STATUS = {None: "null", True: "true", False: "false"}

_ADVICE = """Status returned from the action run() method must either be True or False, got: %s
A tuple of two items means (status, result). To return two items as the result, either:

1. Return a list instead of a tuple
2. Return a tuple whose first item is the status - (True, ('item1', 'item2'))"""


class WrongStatus(Exception):
    """The first of two returned items is neither a status nor None."""


def of(returned):
    """`{"result", "status"}` of what `run` returned, as JSON; status is true, false or null (nothing was said about it)."""
    status, result = None, returned
    if isinstance(returned, tuple) and len(returned) == 2:
        status, result = returned
    if status is not None and not isinstance(status, bool):
        raise WrongStatus(_ADVICE % (status,))
    return '{"status": %s, "result": %s}' % (_STATUS[status], as_json(result))


def as_json(value):
    """The value if JSON can hold it, else its `str()`. What is not a number in JSON (NaN, infinity) becomes null."""
    try:
        return json.dumps(value, default=_simple, allow_nan=False)
    except ValueError:
        pass
    except (TypeError, RecursionError):
        return json.dumps(_text(value))
    try:
        return json.dumps(json.loads(json.dumps(value, default=_simple), parse_constant=lambda _: None))
    except (ValueError, TypeError, RecursionError):
        return json.dumps(_text(value))


def _text(value):
    try:
        return str(value)
    except Exception as error:
        return "<%s whose str() fails: %s>" % (type(value).__name__, error)


def _simple(value):
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, uuid.UUID):
        return str(value)
    if isinstance(value, enum.Enum):
        return value.value
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.asdict(value)
    raise TypeError("Type is not JSON serializable: %s" % type(value).__name__)
