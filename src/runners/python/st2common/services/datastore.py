"""Key-value pairs of the engine's datastore, over its HTTP API."""

import os

from st2client.client import Client
from st2client.models import KeyValuePair

SYSTEM_SCOPE = "system"


class BaseDatastoreService:
    DATASTORE_NAME_SEPARATOR = ":"

    def __init__(self, logger, pack_name, class_name):
        self._logger = logger
        self._pack_name = pack_name
        self._class_name = class_name
        self._client = None

    def get_api_client(self):
        # Abstract, as in StackStorm: packs derive services of their own from this class.
        raise NotImplementedError("get_api_client() not implemented")

    def get_user_info(self):
        """About the user in whose name this runs."""
        return self.get_api_client().get_user_info()

    def list_values(self, local=True, prefix=None, limit=None, offset=0):
        """Pairs whose name starts with `prefix`; with `local` only those of this pack and class."""
        start = self._full_name("", local) + (prefix or "")
        return self.get_api_client().keys.get_all(prefix=start or None, limit=limit or 100, offset=offset or 0)

    def get_value(self, name, local=True, scope=SYSTEM_SCOPE, decrypt=False):
        """The value, or None when there is none or it cannot be had; the reason is logged."""
        self._check(scope)
        name = self._full_name(name, local)
        self._logger.debug("Retrieving value from the datastore (name=%s)", name)
        try:
            params = {"decrypt": str(decrypt).lower(), "scope": scope}
            pair = self.get_api_client().keys.get_by_id(name, params=params)
        except Exception as error:
            self._logger.exception("Exception retrieving value from datastore (name=%s): %s", name, error)
            return None
        return pair.value if pair else None

    def set_value(self, name, value, ttl=None, local=True, scope=SYSTEM_SCOPE, encrypt=False):
        """Stores `str(value)`, for `ttl` seconds when that is given, sealed when `encrypt`."""
        self._check(scope)
        name = self._full_name(name, local)
        self._logger.debug("Setting value in the datastore (name=%s)", name)
        pair = KeyValuePair(id=name, name=name, value=str(value), scope=scope)
        if encrypt:
            pair.secret = True
        if ttl:
            pair.ttl = ttl
        self.get_api_client().keys.update(pair)
        return True

    def delete_value(self, name, local=True, scope=SYSTEM_SCOPE):
        """True when it was deleted; False when it could not be, which is logged."""
        self._check(scope)
        name = self._full_name(name, local)
        self._logger.debug("Deleting value from the datastore (name=%s)", name)
        try:
            self.get_api_client().keys.delete(KeyValuePair(id=name, name=name), params={"scope": scope})
        except Exception as error:
            self._logger.exception("Exception deleting value from datastore (name=%s): %s", name, error)
            return False
        return True

    def _check(self, scope):
        if scope != SYSTEM_SCOPE:
            raise ValueError("Scope %s is unsupported." % scope)

    def _full_name(self, name, local):
        if not local:
            return name
        return "%s.%s%s%s" % (self._pack_name, self._class_name, self.DATASTORE_NAME_SEPARATOR, name)


class ActionDatastoreService(BaseDatastoreService):
    """With the token that the engine made for this run."""

    def __init__(self, logger, pack_name, class_name, auth_token):
        super().__init__(logger, pack_name, class_name)
        self._auth_token = auth_token

    def get_api_client(self):
        if self._client is None:
            self._client = Client(api_url=os.environ.get("ST2_ACTION_API_URL"), token=self._auth_token)
        return self._client


class SensorDatastoreService(BaseDatastoreService):
    """With the token that the engine made for the sensor's process."""

    def __init__(self, logger, pack_name, class_name, api_username):
        super().__init__(logger, pack_name, class_name)
        self._api_username = api_username

    def get_api_client(self):
        if self._client is None:
            self._client = Client()
        return self._client
