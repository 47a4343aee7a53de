"""`action_service`: what an action may ask of the engine."""

import os

from st2common.runners.utils import get_logger_for_python_runner_action
from st2common.services.datastore import ActionDatastoreService

SYSTEM_SCOPE = "system"


class Wrapper:
    """What the service and the base class know about the run; packs and their tests look at these names."""

    def __init__(self, call):
        self._pack = call["pack"]
        self._file_path = call["entry"]
        self._config = call["config"]
        self._parameters = call["parameters"]
        self._user = call["user"]
        self._log_level = call["logLevel"]
        self._class_name = None


class ActionService:
    def __init__(self, action_wrapper):
        self._action_wrapper = action_wrapper
        self._datastore_service = None

    @property
    def datastore_service(self):
        if self._datastore_service is None:
            wrapper = self._action_wrapper
            self._datastore_service = ActionDatastoreService(
                logger=get_logger_for_python_runner_action(wrapper._class_name, wrapper._log_level),
                pack_name=wrapper._pack,
                class_name=wrapper._class_name,
                auth_token=os.environ.get("ST2_ACTION_AUTH_TOKEN"),
            )
        return self._datastore_service

    def get_user_info(self):
        return self.datastore_service.get_user_info()

    def list_values(self, local=True, prefix=None, limit=None, offset=None):
        return self.datastore_service.list_values(local=local, prefix=prefix, limit=limit, offset=offset)

    def get_value(self, name, local=True, scope=SYSTEM_SCOPE, decrypt=False):
        return self.datastore_service.get_value(name, local=local, scope=scope, decrypt=decrypt)

    def set_value(self, name, value, ttl=None, local=True, scope=SYSTEM_SCOPE, encrypt=False):
        return self.datastore_service.set_value(name, value, ttl=ttl, local=local, scope=scope, encrypt=encrypt)

    def delete_value(self, name, local=True, scope=SYSTEM_SCOPE):
        return self.datastore_service.delete_value(name, local=local, scope=scope)
