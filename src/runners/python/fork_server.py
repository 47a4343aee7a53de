"""Fork server of one pack's Python environment: imports libraries once, then forks a process per action.

Two processes, which end each other's runs when one of them is gone:

- the one that the worker starts (`raicho_host/zygote.py`) imports libraries and forks, and does nothing else: what it touches between two forks
  costs every fork;
- the server (`raicho_host/server.py`), its child in a session of its own, speaks with the worker, reads the output of the actions and keeps watch
  over files.

1. One thread, one loop in each: nothing here may block on an action. An action has a process of its own in a session of its own.
2. Standard input carries requests, standard output frames (see `raicho_host/frames.py`). When standard input ends, everything that
   still runs is killed: the worker is gone.
3. No code of the pack runs in these processes, only the libraries that it imports. So a changed pack needs no new server; a changed
   library does, and the request that notices it is answered with `stale`.
4. An action has ended when its process has ended; what it left running keeps its output pipes open at most for a moment.
"""

import os
import sys

OWN = os.path.dirname(os.path.abspath(__file__))
# Last, so that an installed library of the same name wins; and never first, where a script's own directory stands.
sys.path[:] = [path for path in sys.path if os.path.abspath(path) != OWN] + [OWN]

# Packs and installed libraries are left as they are; an action caches compiled files where the worker says.
sys.dont_write_bytecode = True

from raicho_host import zygote  # noqa: E402

if __name__ == "__main__":
    sys.exit(zygote.main())
