"""Process of one sensor: loads its class, runs it, and speaks with the engine.

1. Standard input brings what the engine says, file descriptor 3 takes what the sensor says, one JSON object a line (see
   `raicho_host/sensor_channel.py`). What the sensor prints is no part of it.
2. `dispatch` returns when the engine has committed the event. What a sensor does after it may rest on that.
3. A guard process holds the other end of file descriptor 4. When the engine's process is gone, however it went, the guard kills the
   sensor's whole process group. The engine closes its end also when the sensor ended, so nothing that it started is left.
4. SIGTERM ends the sensor politely: `cleanup` is called. It does not interrupt a dispatch that the engine is committing.
"""

import os
import sys

OWN = os.path.dirname(os.path.abspath(__file__))
# Last, so that an installed library of the same name wins; and never first, where a script's own directory stands.
sys.path[:] = [path for path in sys.path if os.path.abspath(path) != OWN] + [OWN]

from raicho_host import sensor_guard  # noqa: E402

if __name__ == "__main__":
    # Before anything else is imported: the guard stays small, and there is no moment without it.
    sensor_guard.start()

    from raicho_host import sensor

    sys.exit(sensor.main())
