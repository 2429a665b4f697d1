# ruff: noqa: PTH100, PTH109, PTH120 (pathlib is slower and knows no descriptors)
"""python -m selfheal.sandbox --socket PATH: the command line of the fork server.

It starts itself once more with an empty environment, so that no secret of whoever started it is in the memory that
jobs are forked from.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile

# Beyond these nothing of the environment reaches the server, and none of them reaches a job by this way.
_KEPT = ("PYTHONPATH", "PYTHONHOME", "LD_LIBRARY_PATH", "TMPDIR")
_FIXED = {"PYTHONHASHSEED": "0", "PYTHONDONTWRITEBYTECODE": "1", "LANG": "C.UTF-8", "TZ": "UTC", "HOME": "/"}
_STARTED_BY = "SELFHEAL_SANDBOX_STARTED_BY"  # set: the environment is clean; its value: the process to end with


def _start_again() -> None:
    kept = {name: os.environ[name] for name in _KEPT if name in os.environ}
    clean = {**kept, **_FIXED, "PATH": os.environ.get("PATH", os.defpath), _STARTED_BY: str(os.getppid())}
    os.execve(sys.executable, [sys.executable, "-m", "selfheal.sandbox", *sys.argv[1:]], clean)  # noqa: S606


def _forget_current_directory() -> None:
    """Where the server was started is no place for a job to import from, unless this package comes from there."""
    own = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    here = os.getcwd()
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != here or here == own]


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m selfheal.sandbox", description="Runs untrusted jobs in a jail.")
    what = parser.add_mutually_exclusive_group(required=True)
    what.add_argument("--socket", help="the Unix socket to serve")
    what.add_argument("--measures", action="store_true", help="print what can be enforced here, as JSON, and end")
    parser.add_argument(
        "--preload", default="", help="more modules to import once, separated by commas; never the app's"
    )
    parser.add_argument("--no-frameworks", action="store_true", help="do not import the usual web frameworks once")
    parser.add_argument("--socket-mode", default="0600", type=lambda text: int(text, 8), help="default 0600")
    parser.add_argument("--jobs", default=2, type=int, help="how many at a time, default 2")
    parser.add_argument("--with-parent", action="store_true", help="end when the process that started this ends")
    parser.add_argument("--allow-weak", action="store_true", help="run even without Landlock or a user per job")
    return parser.parse_args()


def main() -> int:
    options = _arguments()
    if _STARTED_BY not in os.environ:
        _start_again()
    _forget_current_directory()
    from . import server, survey  # noqa: PLC0415 - only once the environment is clean

    if options.measures:
        with tempfile.TemporaryDirectory(prefix="selfheal-sandbox-") as root:
            plan = survey.survey(root)
        print(json.dumps({"isolation": plan.measures(), "confined": plan.confined}))
        return 0
    return server.serve(
        os.path.abspath(options.socket),
        mode=options.socket_mode,
        names=tuple(filter(None, options.preload.split(","))),
        frameworks=not options.no_frameworks,
        jobs=max(1, options.jobs),
        parent=int(os.environ[_STARTED_BY]) if options.with_parent else None,
        allow_weak=options.allow_weak,
    )


if __name__ == "__main__":
    sys.exit(main())
