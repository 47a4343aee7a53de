"""The part of StackStorm's API client that packs use: `Client().executions.create(…)` and the like."""

import json
import os

from st2client import models


class HTTPError(Exception):
    """The API refused. `status` is the HTTP status."""

    def __init__(self, status, reason, message):
        super().__init__("%s Client Error: %s\nMESSAGE: %s" % (status, reason, message))
        self.status = status


class ResourceManager:
    """One kind of object."""

    def __init__(self, resource, client, endpoint="api"):
        self.resource = resource
        self._client = client
        self._endpoint = endpoint

    def get_all(self, **query):
        params = query.pop("params", None) or {}
        found = self._ask("GET", "", query=dict(params, **query))
        return [self.resource.deserialize(one) for one in found or []]

    def query(self, **query):
        return self.get_all(**query)

    def get_by_id(self, id, **kwargs):
        """The object, or None when there is none."""
        try:
            return self.resource.deserialize(self._ask("GET", _segment(id), query=kwargs.get("params")))
        except HTTPError as error:
            if error.status == 404:
                return None
            raise

    get_by_ref_or_id = get_by_id

    def get_by_name(self, name, **kwargs):
        if self.resource is models.KeyValuePair:
            return self.get_by_id(name, **kwargs)
        found = self.get_all(name=name, **kwargs)
        if len(found) > 1:
            raise Exception("More than one %s named \"%s\" are found." % (self.resource.__name__, name))
        return found[0] if found else None

    def create(self, instance, **kwargs):
        return self._made(self._ask("POST", "", body=instance.serialize(), query=kwargs.get("params")))

    def update(self, instance, **kwargs):
        return self._made(self._ask("PUT", _segment(instance.id), body=instance.serialize(), query=kwargs.get("params")))

    def delete(self, instance, **kwargs):
        return self.delete_by_id(instance.id, **kwargs)

    def delete_by_id(self, instance_id, **kwargs):
        self._ask("DELETE", _segment(instance_id), query=kwargs.get("params"))
        return True

    def _made(self, document):
        return self.resource.deserialize(document or {})

    def _ask(self, method, below, body=None, query=None):
        path = "/" + self.resource._url_path + ("/" + below if below else "")
        return self._client.ask(method, path, body=body, query=query, endpoint=self._endpoint)


class ExecutionManager(ResourceManager):
    def re_run(self, execution_id, parameters=None, tasks=None, no_reset=None, delay=0, **kwargs):
        body = {"parameters": parameters or {}, "tasks": tasks or [], "reset": [t for t in tasks or [] if t not in (no_reset or [])], "delay": delay}
        return self._made(self._ask("POST", _segment(execution_id) + "/re_run", body=body))

    def pause(self, execution_id, **kwargs):
        return self._made(self._ask("PUT", _segment(execution_id), body={"status": "pausing"}))

    def resume(self, execution_id, **kwargs):
        return self._made(self._ask("PUT", _segment(execution_id), body={"status": "resuming"}))

    def get_children(self, execution_id, **kwargs):
        found = self._ask("GET", _segment(execution_id) + "/children", query=kwargs)
        return [self.resource.deserialize(one) for one in found or []]

    def get_result(self, execution_id, **kwargs):
        return self._ask("GET", _segment(execution_id) + "/result")


class WebhookManager:
    def __init__(self, client):
        self._client = client

    def post_generic_webhook(self, trigger, payload=None, trace_tag=None, **kwargs):
        headers = {"St2-Trace-Tag": trace_tag} if trace_tag else {}
        body = {"trigger": trigger, "payload": payload or {}}
        return self._client.ask("POST", "/webhooks/st2", body=body, headers=headers)


class Client:
    """Speaks to the API at `api_url`, or at ST2_API_URL; signs in with `token` or `api_key`, or with ST2_AUTH_TOKEN or ST2_API_KEY."""

    def __init__(self, base_url=None, auth_url=None, api_url=None, stream_url=None, api_version=None, cacert=None, debug=False, token=None, api_key=None, basic_auth=None):
        base = base_url or os.environ.get("ST2_BASE_URL", "http://127.0.0.1")
        self.endpoints = {
            "base": base,
            "api": api_url or os.environ.get("ST2_API_URL") or "%s:9101/%s" % (base, api_version or "v1"),
            "auth": auth_url or os.environ.get("ST2_AUTH_URL") or "%s:9100" % base,
        }
        self.cacert = cacert if cacert is not None else os.environ.get("ST2_CACERT")
        self.debug = debug
        self.token = token or (None if api_key else os.environ.get("ST2_AUTH_TOKEN"))
        self.api_key = api_key or (None if self.token else os.environ.get("ST2_API_KEY"))
        self.actions = ResourceManager(models.Action, self)
        self.apikeys = ResourceManager(models.ApiKey, self)
        self.configs = ResourceManager(models.Config, self)
        self.executions = self.liveactions = ExecutionManager(models.LiveAction, self)
        self.inquiries = ResourceManager(models.Inquiry, self)
        self.keys = ResourceManager(models.KeyValuePair, self)
        self.packs = ResourceManager(models.Pack, self)
        self.policies = ResourceManager(models.Policy, self)
        self.rules = ResourceManager(models.Rule, self)
        self.runners = ResourceManager(models.RunnerType, self)
        self.sensors = ResourceManager(models.Sensor, self)
        self.tokens = ResourceManager(models.Token, self, endpoint="auth")
        self.traces = ResourceManager(models.Trace, self)
        self.triggers = ResourceManager(models.Trigger, self)
        self.triggerinstances = ResourceManager(models.TriggerInstance, self)
        self.triggertypes = ResourceManager(models.TriggerType, self)
        self.webhooks = WebhookManager(self)

    def get_user_info(self):
        return self.ask("GET", "/user")

    def ask(self, method, path, body=None, query=None, headers=None, endpoint="api"):
        """One request; gives the JSON of the answer. Raises HTTPError when the API refuses."""
        # Here, because most actions never ask, and these modules bring many others.
        import urllib.parse

        url = urllib.parse.urlsplit(self.endpoints[endpoint])
        kept = {key: value for key, value in (query or {}).items() if value is not None}
        target = url.path.rstrip("/") + path + ("?" + urllib.parse.urlencode(kept, doseq=True) if kept else "")
        connection = self._connect(url)
        try:
            text = None if body is None else json.dumps(body).encode()
            connection.request(method, target, body=text, headers=dict(self._headers(), **(headers or {})))
            response = connection.getresponse()
            answer = response.read()
        finally:
            connection.close()
        if response.status >= 400:
            raise HTTPError(response.status, response.reason, _fault(answer))
        return json.loads(answer) if answer else None

    def _connect(self, url):
        import http.client
        import ssl

        if url.scheme == "https":
            context = ssl._create_unverified_context() if self.cacert is False else ssl.create_default_context(cafile=self.cacert if isinstance(self.cacert, str) else None)
            return http.client.HTTPSConnection(url.hostname, url.port, context=context, timeout=60)
        return http.client.HTTPConnection(url.hostname, url.port, timeout=60)

    def _headers(self):
        headers = {"Content-Type": "application/json", "User-Agent": "raicho-python"}
        if self.token:
            headers["X-Auth-Token"] = self.token
        elif self.api_key:
            headers["St2-Api-Key"] = self.api_key
        return headers


def _segment(text):
    import urllib.parse

    return urllib.parse.quote(str(text), safe="")


def _fault(answer):
    try:
        return json.loads(answer)["faultstring"]
    except (ValueError, KeyError, TypeError):
        return answer.decode("utf-8", "replace")
