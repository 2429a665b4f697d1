"""`python -m llm_service pull`: the command line of the download. What is done, others do.

Exit codes: 0 the file is there; 1 it did not work out; 2 unusable input; 130 stopped by a signal.
"""

from __future__ import annotations

import argparse
import os
import re
import signal
import sys
from collections.abc import Sequence
from pathlib import Path, PurePosixPath

from llm_service.problem import PullError
from llm_service.settings import DEFAULT_MODEL

REPOSITORY = "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF"
FILE = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
_HUB = "https://huggingface.co"
_PART = re.compile(r"-\d{5}-of-\d{5}\.gguf$")


def main(argv: Sequence[str]) -> int:
    arguments = _parser().parse_args(argv)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a container is stopped by it
    try:
        print(_pull(arguments))
    except PullError as error:
        print(f"pull: {error}", file=sys.stderr)
        return error.code
    except KeyboardInterrupt:
        print("\npull: stopped; run it again to go on", file=sys.stderr)
        return 130
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="pull",
        description="Download a model from the Hugging Face hub, verify it, and put it where the llm service looks.",
        epilog="Interrupted, it goes on where it ended when run again. HF_ENDPOINT names a mirror of the hub.",
    )
    parser.add_argument("repository", nargs="?", default=REPOSITORY, help=f"default: {REPOSITORY}")
    parser.add_argument("file", nargs="?", help=f"a .gguf file in the repository; default: {FILE}")
    parser.add_argument("--revision", default="main", help="branch, tag or commit (default: main)")
    parser.add_argument(
        "--to",
        type=Path,
        metavar="PATH",
        help=f"where to keep it (default: LLM_MODEL, or {DEFAULT_MODEL}; another FILE keeps its name there)",
    )
    parser.add_argument("--token-file", type=Path, metavar="PATH", help="a file that holds a token; or set HF_TOKEN")
    parser.add_argument("--force", action="store_true", help="replace a different file that is there")
    return parser


def _pull(arguments: argparse.Namespace) -> str:
    """What came of it, for a person. Raises PullError."""
    token = _token(arguments.token_file)
    if arguments.file:
        _require_usable(arguments.file)
    try:
        from llm_service import download  # noqa: PLC0415 - the help and the checks above do without an HTTP client
        from llm_service.hub import Hub  # noqa: PLC0415
        from llm_service.progress import Log, Terminal  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise PullError(f"{error.name} is not installed here; it helps to run: make llm") from error

    hub = Hub((os.environ.get("HF_ENDPOINT") or _HUB).rstrip("/"), token)
    repository: str = arguments.repository
    file: str = arguments.file or (FILE if repository == REPOSITORY else hub.only_file(repository, arguments.revision))
    target = _target(arguments.to, file)
    watcher = Terminal(target.name) if sys.stderr.isatty() else Log()
    remote = hub.find(repository, file, arguments.revision)
    if download.is_there(target, remote, watcher, force=arguments.force):
        return f"{target} is already there: {download.shown(remote.size)}, sha256 {remote.sha256}"
    watcher.say(f"{repository}/{file}, {download.shown(remote.size)}, to {target.absolute()}")
    download.bring(hub, remote, target, watcher)
    return f"{target} is there: {download.shown(remote.size)}, sha256 {remote.sha256}{_serving(target)}"


def _token(path: Path | None) -> str | None:
    """Checked here, because the HTTP client's error about a bad character would show the token."""
    name = f"--token-file {path}" if path else "HF_TOKEN"
    try:
        token = (path.read_text() if path else os.environ.get("HF_TOKEN", "")).strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not text"
        raise PullError(f"{name} cannot be read: {reason}; name a file that holds nothing but the token", 2) from None
    if path and not token:
        raise PullError(f"{name} is empty; put the token into it", 2)
    if not re.fullmatch(r"[!-~]*", token):
        raise PullError(f"{name} does not hold a token: a token is one word of ASCII characters", 2)
    return token or None


def _require_usable(file: str) -> None:
    if not file.endswith(".gguf"):
        raise PullError(f"FILE is {file!r}; the service runs GGUF models only: name a file that ends in .gguf", 2)
    if _PART.search(file):
        raise PullError(f"FILE is {file!r}, one part of several; name a model that is a single file", 2)


def _target(to: Path | None, file: str) -> Path:
    if to is not None:
        return to / PurePosixPath(file).name if to.is_dir() else to
    if os.environ.get("LLM_MODEL"):
        return Path(os.environ["LLM_MODEL"])
    if file == FILE:
        return Path(DEFAULT_MODEL)
    return Path(DEFAULT_MODEL).with_name(PurePosixPath(file).name)


def _serving(target: Path) -> str:
    served = Path(os.environ.get("LLM_MODEL") or DEFAULT_MODEL)
    return "" if target.absolute() == served.absolute() else f"\nto serve it: LLM_MODEL={target}"
