"""A datastore in memory."""

from st2client.models import KeyValuePair
from st2common.services.datastore import SYSTEM_SCOPE, BaseDatastoreService

__all__ = ["MockDatastoreService"]


class MockDatastoreService(BaseDatastoreService):
    """What tests of packs get for the datastore; values keep their types."""

    def __init__(self, logger, pack_name, class_name, api_username=None):
        super().__init__(logger, pack_name, class_name)
        self._username = api_username or "admin"
        self._datastore_items = {}

    def get_user_info(self):
        return {
            "username": self._username,
            "rbac": {"is_admin": True, "enabled": True, "roles": ["admin"]},
            "authentication": {"method": "authentication token", "location": "header"},
        }

    def list_values(self, local=True, limit=None, prefix=None, offset=0):
        start = self._full_name("", local) + (prefix or "")
        return [pair for name, pair in self._datastore_items.items() if name.startswith(start)]

    def get_value(self, name, local=True, scope=SYSTEM_SCOPE, decrypt=False):
        pair = self._datastore_items.get(self._full_name(name, local))
        return None if pair is None else pair.value

    def set_value(self, name, value, ttl=None, local=True, scope=SYSTEM_SCOPE, encrypt=False):
        name = self._full_name(name, local)
        pair = KeyValuePair(id=name, name=name, value=value)
        if ttl:
            self._logger.warning("The datastore of tests does not forget values after their ttl.")
            pair.ttl = ttl
        self._datastore_items[name] = pair
        return True

    def delete_value(self, name, local=True, scope=SYSTEM_SCOPE):
        return self._datastore_items.pop(self._full_name(name, local), None) is not None
