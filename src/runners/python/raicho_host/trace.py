"""Tracebacks as those who wrote the pack want to see them."""

import os
import sys
import traceback

OWN = os.path.dirname(os.path.abspath(__file__)) + os.sep


def pack_frames(frames):
    """Without the frames of this host, which say nothing about the pack's code."""
    while frames is not None and frames.tb_frame.f_code.co_filename.startswith(OWN):
        frames = frames.tb_next
    return frames


def text(error):
    return "".join(traceback.format_exception(type(error), error, pack_frames(error.__traceback__)))


def say(words):
    try:
        sys.stderr.write(words + "\n")
    except (OSError, ValueError, AttributeError):
        pass


def print_error(error):
    try:
        traceback.print_exception(type(error), error, pack_frames(error.__traceback__))
    except Exception:
        say("%s: %s" % (type(error).__name__, error))
