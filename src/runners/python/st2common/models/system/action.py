"""How a script gets its arguments, for tests of packs that ask for it."""

import shlex

__all__ = ["ShellScriptAction"]


class ShellScriptAction:
    def __init__(self, name, action_exec_id, script_local_path_abs, named_args=None, positional_args=None, **_others):
        self.name = name
        self.action_exec_id = action_exec_id
        self.script_local_path_abs = script_local_path_abs
        self.named_args = named_args or {}
        self.positional_args = positional_args or []

    def _get_script_arguments(self, named_args=None, positional_args=None):
        """Named ones first: none for null, "" and False, the bare name for True; then the positional ones."""
        words = []
        for name, value in (named_args or {}).items():
            if value is None or value is False or value == "":
                continue
            words.append(name if value is True else "%s=%s" % (name, shlex.quote(str(value))))
        words.extend(shlex.quote(str(value)) for value in positional_args or [])
        return " ".join(words)
