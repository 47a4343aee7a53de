from st2tests.mocks.action import MockActionService, MockActionWrapper
from st2tests.pack_resource import BasePackResourceTestCase

__all__ = ["BaseActionTestCase"]


class BaseActionTestCase(BasePackResourceTestCase):
    """For tests of one action: `action_cls` is its class."""

    action_cls = None

    def setUp(self):
        super().setUp()
        self.action_service = MockActionService(MockActionWrapper("tests", self.action_cls.__name__))

    def get_action_instance(self, config=None):
        """A new instance, made as the engine makes it: some actions take no `action_service`."""
        try:
            return self.action_cls(config=config, action_service=self.action_service)
        except TypeError as error:
            if "unexpected keyword argument 'action_service'" not in str(error):
                raise
            instance = self.action_cls(config=config)
            instance.action_service = self.action_service
            return instance
