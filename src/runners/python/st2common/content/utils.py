"""Where the pack of the running action is on disk."""

import os


def get_pack_base_path(pack_name, include_trailing_slash=False, use_pack_cache=False):
    """The directory of the running action's pack, or of another pack beside it; None when there is no such pack."""
    own = os.environ.get("RAICHO_PACK_PATH", "")
    path = own if pack_name == os.environ.get("ST2_ACTION_PACK_NAME", os.environ.get("RAICHO_PACK")) else os.path.join(os.path.dirname(own), pack_name)
    if not os.path.isdir(path):
        return None
    return os.path.join(path, "") if include_trailing_slash else path


get_pack_directory = get_pack_base_path


def get_pack_file_abs_path(pack_ref, file_path, resource_type=None, use_pack_cache=False):
    """A file below the pack's directory. Raises ValueError for a path that leads out of it."""
    base = get_pack_base_path(pack_ref)
    if base is None:
        raise ValueError('Directory for pack "%s" doesn\'t exist' % pack_ref)
    base = os.path.realpath(base)
    path = os.path.realpath(os.path.join(base, file_path))
    if os.path.commonpath([base, path]) != base:
        raise ValueError(
            'Invalid file path: "%s". File path needs to be relative to the pack directory. For example "my_directory/my_file.py".'
            % file_path
        )
    return path
