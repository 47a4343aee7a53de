class StackStormBaseException(Exception):
    """The root of the exceptions that packs may raise or expect."""


class StackStormPluginException(StackStormBaseException):
    pass
