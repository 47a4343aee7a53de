"""Runs one command on a Windows machine over WinRM. No action of a pack, but run like one: the runners `winrm-*` hand it their job.

What the command prints is printed here as it comes, so that it is shown, bounded and masked as that of every other action. `run` gives
`{"return_code"}`, or `{"error", "traceback"}` when the command could not be run.
"""

import base64
import logging
import os
import re
import signal
import sys
import traceback
import warnings
import xml.etree.ElementTree as ElementTree
from xml.sax.saxutils import escape, quoteattr

try:
    from winrm.exceptions import WinRMOperationTimeoutError
    from winrm.protocol import Protocol

    MISSING = None
except ImportError as error:
    Protocol = object
    MISSING = str(error)

# What cmd.exe takes as one line.
LINE_LIMIT = 8_000
# Bytes of a script in one line, as base64 of UTF-16 of base64.
PIECE = 1_800
# Seconds until the other side answers that nothing was said; asked again then. Short, so that a stop is noticed soon.
OPERATION_SECONDS = 10
CODEPAGE_UTF8 = 65001
CLIXML = b"#< CLIXML"


class Stopped(BaseException):
    """The worker wants it to end."""


class WinRm:
    def __init__(self, config=None):
        pass

    def run(self, job):
        if MISSING is not None:
            return False, {"error": _missing(job["pack"])}
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        signal.signal(signal.SIGTERM, _stop)
        try:
            machine = _Machine(job)
            code = machine.powershell(job["script"], job["arguments"]) if job["script"] is not None else machine.command(job["command"])
            return code == 0, {"return_code": code}
        except Stopped:
            return False, {"error": "stopped"}
        except Exception as error:
            return False, {"error": _words(error, job), "traceback": traceback.format_exc()}


def _stop(*_):
    raise Stopped()


def _missing(pack):
    return (
        "pywinrm cannot be imported by %s: %s. Install it there (Debian: python3-winrm), "
        'or name pywinrm in requirements.txt of pack "%s" and set up its virtual environment.' % (sys.executable, MISSING, pack)
    )


def _words(error, job):
    return "%s (%s): %s" % (job["url"], type(error).__name__, error)


class _Machine:
    def __init__(self, job):
        self._job = job
        self._protocol = _Protocol(
            job["url"],
            transport=job["transport"],
            username=job["username"],
            password=job["password"],
            server_cert_validation="validate" if job["verify"] else "ignore",
            operation_timeout_sec=OPERATION_SECONDS,
            read_timeout_sec=OPERATION_SECONDS + 20,
        )
        self._protocol.environment = job["env"]

    def command(self, line):
        return self._run(line, _print)

    def powershell(self, script, arguments):
        """A script longer than a line is put into a file beforehand, which is removed afterwards."""
        whole = "& {%s\n} %s" % (script, arguments) if arguments else script
        line = _encoded(whole)
        if len(line) <= LINE_LIMIT:
            return self._run_powershell(line)
        name = "raicho-%s.ps1" % os.urandom(8).hex()
        place = "(Join-Path $env:TEMP '%s')" % name
        data = b"\xef\xbb\xbf" + script.encode()
        try:
            for start in range(0, len(data), PIECE):
                piece = base64.b64encode(data[start : start + PIECE]).decode()
                text = (
                    "$f = [IO.File]::Open(%s, 'Append'); $b = [Convert]::FromBase64String('%s'); $f.Write($b, 0, $b.Length); $f.Close()"
                    % (place, piece)
                )
                if self._run(_encoded(text), _nothing) != 0:
                    raise RuntimeError("the script could not be copied to %s" % place)
            return self._run_powershell(_encoded("& %s %s" % (place, arguments)))
        finally:
            self._run(_encoded("Remove-Item -Force %s" % place), _nothing)

    def _run_powershell(self, line):
        errors = bytearray()

        def take(out, err):
            _print(out, b"")
            errors.extend(err)

        try:
            return self._run(line, take)
        finally:
            _print(b"", _plain(bytes(errors)))

    def _run(self, line, take):
        protocol = self._protocol
        shell = protocol.open_shell(
            env_vars=self._job["env"] or None, working_directory=self._job["cwd"], codepage=CODEPAGE_UTF8
        )
        try:
            command = protocol.run_command(shell, line)
            try:
                return self._outcome(shell, command, take)
            finally:
                # Ends the command where it still runs.
                protocol.cleanup_command(shell, command)
        finally:
            protocol.close_shell(shell)

    def _outcome(self, shell, command, take):
        while True:
            try:
                out, err, code, done = self._protocol._raw_get_command_output(shell, command)
            except WinRMOperationTimeoutError:
                continue
            take(out, err)
            if done:
                return code


def _nothing(out, err):
    """What copies a script says is of no interest."""


class _Protocol(Protocol):
    environment = None

    def send_message(self, message):
        # Older versions send the last variable only.
        if self.environment and "<rsp:Environment>" in message:
            pairs = self.environment.items()
            all_of_them = "".join(
                "<rsp:Variable Name=%s>%s</rsp:Variable>" % (quoteattr(name), escape(value)) for name, value in pairs
            )
            message = re.sub(
                "<rsp:Environment>.*?</rsp:Environment>",
                lambda _: "<rsp:Environment>%s</rsp:Environment>" % all_of_them,
                message,
                flags=re.DOTALL,
            )
        return super().send_message(message)


def _encoded(script):
    return "powershell -encodedcommand " + base64.b64encode(script.encode("utf_16_le")).decode()


def _print(out, err):
    for stream, data in ((sys.stdout, out), (sys.stderr, err)):
        if data:
            stream.buffer.write(data)
            stream.buffer.flush()


def _plain(errors):
    """The error texts of PowerShell's XML; what else it says there (progress) is left out. Other output stays as it is."""
    if not errors.startswith(CLIXML):
        return errors
    try:
        root = ElementTree.fromstring(errors[errors.index(b"<Objs") :])
    except (ElementTree.ParseError, ValueError):
        return errors
    texts = [node.text or "" for node in root.iter() if node.tag.rpartition("}")[2] == "S" and node.get("S") == "Error"]
    plain = re.sub("_x([0-9A-Fa-f]{4})_", lambda found: chr(int(found.group(1), 16)), "".join(texts))
    return plain.replace("\r\n", "\n").strip().encode("utf-8", "surrogatepass")
