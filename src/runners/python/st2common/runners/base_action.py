import abc

from st2common.runners.utils import PackConfigDict, get_logger_for_python_runner_action

__all__ = ["Action"]


class _Logger:
    """The logger of an action, made when it is first asked for: most actions say nothing."""

    def __get__(self, action, owner=None):
        if action is None:
            return self
        wrapper = getattr(getattr(action, "action_service", None), "_action_wrapper", None)
        level = getattr(wrapper, "_log_level", "debug")
        logger = get_logger_for_python_runner_action(type(action).__name__, log_level=level)
        action.__dict__["logger"] = logger
        return logger


class Action(abc.ABC):
    """What Python actions inherit from: `self.config`, `self.logger`, `self.action_service`, and a `run` of their own."""

    description = None
    logger = _Logger()

    def __init__(self, config=None, action_service=None):
        wrapper = getattr(action_service, "_action_wrapper", None)
        self.config = PackConfigDict(getattr(wrapper, "_pack", "unknown"), config or {})
        self.action_service = action_service

    @abc.abstractmethod
    def run(self, **kwargs):
        """Takes the action's parameters. Returns a result, or `(succeeded, result)`."""
