"""`healer up` and `healer down`: the demo's processes in the background, kept in .healer/demo/ between runs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from rich.console import Console

from healer.cli import stack
from healer.model import BadInput, HealerError

PORTS = (8000, 8001, 8002)  # shop, healer, llm
STOP_SECONDS = 30.0


def up(root: Path, console: Console) -> int:
    """Start, wait until all is ready, print the links and return."""
    home = _home(root)
    if (links := _links(home)) is None:
        links = _start(root, home)
    console.print(f"shop    {links['shop']}/products", soft_wrap=True, markup=False)
    console.print(f"healer  {links['healer']}", soft_wrap=True, markup=False)
    console.print(
        f"llm     {links['llm'] or 'not running: no model in models/, playbooks only'}", soft_wrap=True, markup=False
    )
    console.print("`make down` stops everything.", style="dim")
    return 0


def down(root: Path, console: Console) -> int:
    home = _home(root)
    links = _links(home)
    if links is None:
        console.print("Nothing is running.")
        return 0
    pid = int(links["pid"])
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    while _alive(pid):
        if time.monotonic() > deadline:
            raise HealerError(f"process {pid} does not stop; kill it by hand")
        time.sleep(0.1)
    console.print("Stopped.")
    return 0


def run(root: Path) -> int:
    """The process in the background: holds the others until it is told to stop."""
    signal.signal(signal.SIGTERM, stack.interrupt)
    home = _home(root)
    try:
        with stack.running(root, home=home, ports=PORTS) as running:
            links = {
                "pid": os.getpid(),
                "shop": running.shop_url,
                "healer": running.settings.sign_in_link,
                "llm": running.llm_url,
            }
            file = home / "links.json"
            file.touch(mode=0o600)
            file.write_text(json.dumps(links))
            try:
                while not (ended := running.ended()):
                    time.sleep(0.5)
            finally:
                file.unlink(missing_ok=True)
            raise HealerError(ended)
    except KeyboardInterrupt:
        return 0


def _start(root: Path, home: Path) -> dict[str, str]:
    home.mkdir(parents=True, exist_ok=True)
    log_file = home / "up.log"
    with log_file.open("wb") as log:
        command = [sys.executable, "-m", "healer.cli", "up", "--foreground", "--root", str(root)]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True)
    try:
        while (links := _links(home)) is None:
            if process.poll() is not None:
                raise BadInput(log_file.read_text(errors="replace").strip().removeprefix("healer: ") or "it ended")
            time.sleep(0.1)
    except KeyboardInterrupt:
        process.terminate()
        raise
    return links


def _home(root: Path) -> Path:
    return root.resolve() / ".healer" / "demo"


def _links(home: Path) -> dict[str, str] | None:
    """What runs, or None. A file left by a killed process counts for nothing."""
    try:
        links: dict[str, str] = json.loads((home / "links.json").read_text())
        return links if _alive(int(links["pid"])) else None
    except (OSError, ValueError, KeyError):
        return None


def _alive(pid: int) -> bool:
    try:
        return b"healer.cli" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
