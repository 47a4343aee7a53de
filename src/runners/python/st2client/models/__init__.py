"""Objects of the API: attributes are the keys of its JSON."""

import json


class Resource:
    _url_path = ""
    _repr_attributes = ("id", "name")

    def __init__(self, *args, **kwargs):
        for document in args:
            self.__dict__.update(document)
        self.__dict__.update(kwargs)

    def serialize(self):
        return {key: value for key, value in self.__dict__.items() if not key.startswith("_")}

    to_dict = serialize

    @classmethod
    def deserialize(cls, document):
        return cls(**(json.loads(document) if isinstance(document, (str, bytes)) else document))

    def __repr__(self):
        shown = ",".join("%s=%s" % (name, getattr(self, name, None)) for name in self._repr_attributes)
        return "<%s %s>" % (type(self).__name__, shown)


def _kind(name, path):
    return type(name, (Resource,), {"_url_path": path, "__doc__": "An object of `/%s`." % path})


Action = _kind("Action", "actions")
ActionAlias = _kind("ActionAlias", "actionalias")
ApiKey = _kind("ApiKey", "apikeys")
Config = _kind("Config", "configs")
Execution = LiveAction = _kind("LiveAction", "executions")
Inquiry = _kind("Inquiry", "inquiries")
KeyValuePair = _kind("KeyValuePair", "keys")
Pack = _kind("Pack", "packs")
Policy = _kind("Policy", "policies")
Rule = _kind("Rule", "rules")
RuleEnforcement = _kind("RuleEnforcement", "ruleenforcements")
RunnerType = _kind("RunnerType", "runnertypes")
Sensor = _kind("Sensor", "sensortypes")
Token = _kind("Token", "tokens")
Trace = _kind("Trace", "traces")
Trigger = _kind("Trigger", "triggers")
TriggerInstance = _kind("TriggerInstance", "triggerinstances")
TriggerType = _kind("TriggerType", "triggertypes")
