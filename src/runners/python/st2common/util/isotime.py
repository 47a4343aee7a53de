"""Times in ISO 8601, in UTC."""

import datetime
import re

_FORMAT = re.compile(
    r"^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d{1,6})?(?:Z|([+-]\d\d):?(\d\d)?)$"
)


def get_datetime_utc_now():
    return datetime.datetime.now(datetime.timezone.utc)


def add_utc_tz(dt):
    return dt.replace(tzinfo=datetime.timezone.utc)


def validate(value, raise_exception=True):
    if isinstance(value, datetime.datetime) or (isinstance(value, str) and _FORMAT.match(value)):
        return True
    if raise_exception:
        raise ValueError("Datetime value does not match expected format.")
    return False


def parse(value, preserve_original_tz=False, validate_value=True):
    """A time with a zone; in UTC unless its own zone is to be kept."""
    if isinstance(value, datetime.datetime):
        found = value if value.tzinfo else add_utc_tz(value)
    else:
        parts = _FORMAT.match(value)
        if parts is None:
            raise ValueError("Datetime value does not match expected format.")
        day, clock, fraction, hours, minutes = parts.groups()
        zone = "%s:%s" % (hours, minutes or "00") if hours else "+00:00"
        text = "%sT%s%s%s" % (day, clock, (fraction or "").ljust(7, "0") if fraction else "", zone)
        found = datetime.datetime.fromisoformat(text)
    return found if preserve_original_tz else found.astimezone(datetime.timezone.utc)


def format(dt, usec=True, offset=True):
    """`2026-01-02T03:04:05.000000+00:00`; without `offset` it ends in Z, without `usec` it has no fraction."""
    if isinstance(dt, str):
        dt = parse(dt)
    elif isinstance(dt, int):
        dt = datetime.datetime.fromtimestamp(dt, datetime.timezone.utc)
    pattern = "%Y-%m-%dT%H:%M:%S" + (".%f" if usec else "")
    if not offset:
        return dt.strftime(pattern) + "Z"
    zone = dt.strftime("%z") or "+0000"
    return dt.strftime(pattern) + zone[:3] + ":" + zone[3:5]
