"""A release on a disk without room for it: test_release_faults runs this where `releases` is a small file system.

`python -m tests.e2e.full_disk HOME`: exits with 0 when it waits, no user notices, and it goes on once there is room.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from healer.cli import stack
from healer.cli.load import Load

from tests.e2e.releasing_shop import PATHS, ROOT, Shop, until

ROOM = 64 * 1024  # bytes that are left


def main(home: Path) -> None:
    with stack.running(ROOT, home=home) as running:
        shop = Shop(running)
        load = Load(shop.url, PATHS)
        load.start()
        try:
            before = shop.current()
            filler = shop.releases / "filler"
            space = os.statvfs(shop.releases)
            filler.write_bytes(bytes(space.f_bavail * space.f_frsize - ROOM))
            commit = shop.push("there is no room")
            until("the release to wait with its reason", lambda: "room" in shop.row(commit).get("reason", ""))
            assert shop.row(commit)["state"] == "waiting"
            assert (shop.status()["release"], shop.current()) == (before, before)
            assert shop.halves() == []
            assert not shop.drafts(), "what was begun takes the room that others need"
            filler.unlink()
            shop.until_released(commit)
            assert shop.halves() == []
        finally:
            load.stop()
        assert load.answered > 0
        assert load.failures == [], load.failures[:5]


if __name__ == "__main__":
    main(Path(sys.argv[1]))
