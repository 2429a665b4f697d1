"""Started by test_notifying.py: for each line it reads it forks a process that notifies, and prints its id.

Forked, because a fresh interpreter takes a hundred times as long, and many are killed.
"""

import os
import signal
import sys

from healer.edges.bus import Bus
from healer.edges.notify import Target
from healer.edges.store import Store
from healer.model import State
from healer.pipeline import notifying
from healer.pipeline.parts import Parts


def main() -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for line in sys.stdin:
        child = os.fork()
        if not child:
            url, most, database = line.split()
            notifying.A_MINUTE, notifying.WINDOW = int(most), 0.2
            store = Store(database)
            wish = notifying.Wish(Target("hook", url), frozenset(State), frozenset())
            notifying.Notifying(Parts(store, {}, "http://healer.test", 1), Bus(), [wish]).start()
            signal.pause()
        print(child, flush=True)


if __name__ == "__main__":
    main()
