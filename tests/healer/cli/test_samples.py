"""What the page is given of the demo's samples: what to send, and nothing of what a right answer is."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from healer.cli import samples
from healer.settings.examples import read_examples

from tests.healer.cli.conftest import Done

SAMPLES = Path(__file__).parents[3] / "tests" / "samples"
ALL = {path.stem: json.loads(path.read_text()) for path in SAMPLES.glob("*.json")}


def test_only_requests_are_offered_and_the_settings_take_them(tmp_path: Path) -> None:
    offered = samples.examples(SAMPLES, "the token")["examples"]
    assert {one["name"] for one in offered} == set(ALL)
    for one in offered:
        sample = ALL[one["name"]]
        assert one.keys() == {"name", "title", "requests"}
        assert len(one["requests"]) == len(sample.get("earlier_requests", ())) + 1
        assert one["requests"][-1]["path"] == sample["request"]["path"]
    assert "the token" in json.dumps(offered)
    assert '"sandbox"' not in json.dumps(offered)
    file = tmp_path / "examples.json"
    file.touch(mode=0o600)  # it holds a token
    file.write_text(json.dumps({"examples": offered}))
    assert [[step.request for step in one.requests] for one in read_examples(file)] == [
        one["requests"] for one in offered
    ]


def test_without_a_token_what_needs_one_is_left_out(healer: Callable[..., Done]) -> None:
    offered = json.loads(healer("examples", str(SAMPLES)).out)["examples"]
    with_token = {name for name, sample in ALL.items() if "x-admin-token" in json.dumps(sample["request"]).lower()}
    assert with_token
    assert not with_token & {one["name"] for one in offered}
    assert "admin-token" not in json.dumps(offered)
    assert len(offered) > 5
