"""Splits a service's test files into runs of about the same size, so that they can go side by side. It runs none."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath


def shards(sizes: Mapping[str, int], arguments: Sequence[str], count: int) -> tuple[tuple[str, ...], ...]:
    """Arguments of pytest for each run; one run with the arguments as given where they are no plain folders or files.

    `sizes`: path of every file in the repository -> bytes, which tells a file's running time well enough.
    """
    named = {argument.rstrip("/") for argument in arguments}
    if any(argument.startswith("-") or "::" in argument for argument in named):
        return (tuple(arguments),)
    files = {path: size for path, size in sizes.items() if _is_test(path) and _inside(path, named)}
    if len(files) < 2:
        return (tuple(arguments),)
    runs: list[list[str]] = [[] for _ in range(min(count, len(files)))]
    loads = [0] * len(runs)
    for path, size in sorted(files.items(), key=lambda item: (-item[1], item[0])):
        lightest = loads.index(min(loads))
        runs[lightest].append(path)
        loads[lightest] += size
    return tuple(tuple(sorted(run)) for run in runs)


def _is_test(path: str) -> bool:
    name = PurePosixPath(path).name
    return name.endswith(".py") and (name.startswith("test_") or name.endswith("_test.py"))


def _inside(path: str, folders: set[str]) -> bool:
    return "." in folders or any(path == folder or path.startswith(f"{folder}/") for folder in folders)
