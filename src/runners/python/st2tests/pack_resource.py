import inspect
import os
from unittest import TestCase

__all__ = ["BasePackResourceTestCase"]


class BasePackResourceTestCase(TestCase):
    """Knows where the pack under test is: above the directory of the test's file."""

    def get_fixture_content(self, fixture_path):
        """The text of a file below `tests/fixtures/`."""
        with open(os.path.join(self._get_base_pack_path(), "tests", "fixtures", fixture_path), encoding="utf-8") as file:
            return file.read()

    def _get_base_pack_path(self):
        return os.path.abspath(os.path.join(os.path.dirname(inspect.getfile(self.__class__)), ".."))
