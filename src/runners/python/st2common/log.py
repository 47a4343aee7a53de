"""Loggers with the level AUDIT, as StackStorm's code expects them."""

import logging

logging.AUDIT = logging.CRITICAL + 10
logging.addLevelName(logging.AUDIT, "AUDIT")


def getLogger(name):
    """A logger `st2.<name>` that also has `audit`."""
    logger = logging.getLogger(name if name.startswith("st2.") else "st2." + name)
    if not hasattr(logger, "audit"):
        logger.audit = lambda message, *args, **kwargs: logger.log(logging.AUDIT, message, *args, **kwargs)
    return logger
