"""Jobs for the sandbox: replays, single calls and test runs of untrusted trees.

It isolates nothing itself; `selfheal.sandbox` does, in its own process.
"""

from healer.edges.sandbox.forms import request_json
from healer.edges.sandbox.jobs import RUNS, Sandbox
from healer.edges.sandbox.local import LocalSandbox

__all__ = ["RUNS", "LocalSandbox", "Sandbox", "request_json"]
