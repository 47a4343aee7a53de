import glob
import json
import os
import subprocess
from types import SimpleNamespace

from st2tests.pack_resource import BasePackResourceTestCase

__all__ = ["BaseActionAliasTestCase"]


def _match(formats, command):
    """Per format what the engine takes out of the command, or None; asked of the engine itself."""
    program = json.loads(os.environ["RAICHO_MATCH_ALIAS"])
    question = json.dumps({"formats": formats, "command": command})
    answer = subprocess.run(program, input=question, stdout=subprocess.PIPE, check=True, text=True)
    return json.loads(answer.stdout)


class _Alias(SimpleNamespace):
    def get_format_strings(self):
        """All ways to say the command."""
        found = []
        for one in self.formats:
            found.extend([one] if isinstance(one, str) else one.get("representation", []))
        return found


class BaseActionAliasTestCase(BasePackResourceTestCase):
    """For tests of one alias: `action_alias_name` is its name."""

    action_alias_name = None
    action_alias_db = None

    def setUp(self):
        super().setUp()
        if not self.action_alias_name:
            raise ValueError('"action_alias_name" class attribute needs to be provided')
        self.action_alias_db = self._find(self.action_alias_name)

    def assertCommandMatchesExactlyOneFormatString(self, format_strings, command):
        fitting = [text for text, found in zip(format_strings, _match(format_strings, command)) if found is not None]
        if not fitting:
            raise AssertionError('Command "%s" didn\'t match any of the provided format strings' % command)
        if len(fitting) > 1:
            raise AssertionError('Command "%s" matched multiple format strings: %s' % (command, ", ".join(fitting)))

    def assertExtractedParametersMatch(self, format_string, command, parameters):
        found = _match([format_string], command)[0]
        if found is None:
            raise AssertionError('Command "%s" doesn\'t match format string "%s"' % (command, format_string))
        fixed = self.action_alias_db.immutable_parameters or {}
        both = sorted(set(fixed) & set(found))
        if both:
            raise ValueError("Immutable arguments cannot be overridden: %s" % ", ".join(both))
        self.assertEqual({**found, **fixed}, parameters)

    def _find(self, name):
        import yaml

        directory = os.path.join(self._get_base_pack_path(), "aliases")
        for path in sorted(glob.glob(os.path.join(directory, "*.yaml")) + glob.glob(os.path.join(directory, "*.yml"))):
            with open(path, encoding="utf-8") as file:
                document = yaml.safe_load(file)
            if document.get("name") == name:
                missing = {"description": "", "enabled": True, "formats": [], "immutable_parameters": {}}
                return _Alias(**{**missing, **document})
        raise ValueError('Alias with name "%s" not found' % name)
