import logging
import os

import st2common.log  # noqa: F401 - defines the level AUDIT

_loggers = {}


class PackConfigDict(dict):
    """A pack's configuration that says what to do when a key is missing."""

    def __init__(self, pack_name, *args):
        super().__init__(*args)
        self._pack_name = pack_name

    def __getitem__(self, key):
        try:
            return super().__getitem__(key)
        except KeyError:
            place = os.path.join(os.environ.get("RAICHO_CONFIGS", "configs"), "%s.yaml" % self._pack_name)
            raise ValueError(
                '\nConfig for pack "%s" is missing key "%s".\n'
                "Make sure that the config file exists on disk (%s) and contains that key.\n"
                % (self._pack_name, key, place)
            ) from None


def get_logger_for_python_runner_action(action_name, log_level="debug"):
    """The logger `actions.python.<name>`: everything from that level on goes to stderr."""
    name = "actions.python.%s" % action_name
    if name not in _loggers:
        level = getattr(logging, log_level.upper(), logging.DEBUG)
        logger = logging.getLogger(name)
        if not hasattr(logger, "audit"):
            logger.audit = lambda message, *args, **kwargs: logger.log(logging.AUDIT, message, *args, **kwargs)
        handler = logging.StreamHandler()
        handler.setLevel(level)
        handler.setFormatter(logging.Formatter("%(name)-12s: %(levelname)-8s %(message)s"))
        logger.addHandler(handler)
        logger.setLevel(level)
        _loggers[name] = logger
    return _loggers[name]


def get_action_class_instance(action_cls, config=None, action_service=None):
    """Makes the action; one whose constructor knows no `action_service` gets it afterwards."""
    try:
        return action_cls(config=config, action_service=action_service)
    except TypeError as error:
        if "unexpected keyword argument 'action_service'" not in str(error):
            raise
    action = action_cls(config=config)
    action.action_service = action_service
    return action
