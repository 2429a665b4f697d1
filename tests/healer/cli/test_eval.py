"""`healer eval`: its verdicts on repairs that are right, wrong, harmful to neighbours, or not due at all."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.healer.cli.test_repair import APP, TESTS

ORACLE = """
def check_fix_replay(c):
    assert c.replay().status == 400


def check_fix_whole(c):
    c.fresh()
    assert c.get("/cheeses/brie/portion?grams=1.5").status == 400


def check_same_portion(c):
    assert c.get("/cheeses/brie/portion?grams=200").json()["cents"] == 370
"""
OLD = '    grams = request.args.get("grams", "100")\n'
RIGHT = OLD + '    if not grams.isdecimal():\n        return jsonify(error="grams must be a whole number"), 400\n'
WRONG = OLD.replace('"100")', '"100")\n    grams = grams if grams.isdecimal() else "0"')
GREEDY = RIGHT.replace(".isdecimal()", '.startswith("1")')


def case(folder: Path, name: str, fixed: str, **meta: object) -> Path:
    home = folder / name
    (home / "tests").mkdir(parents=True)
    (home / "app.py").write_text(APP)
    (home / "tests" / "test_app.py").write_text(TESTS)
    (home / "oracle.py").write_text(ORACLE)
    request = {"method": "GET", "path": "/cheeses/brie/portion", "query": {"grams": "some"}}
    (home / "request.json").write_text(json.dumps({"setup": [], "request": request}))
    about = {"framework": "flask", "category": "conversion", "outcome": "patch", "oracle_checks": 3}
    (home / "meta.json").write_text(json.dumps(about | meta))
    draft = folder / ".draft"
    shutil.copytree(home, draft / "a")
    shutil.copytree(home, draft / "b")
    (draft / "b" / "app.py").write_text(APP.replace(OLD, fixed))
    diff = subprocess.run(
        ["git", "diff", "--no-index", "--no-prefix", "a", "b"], cwd=draft, check=False, capture_output=True
    )
    (home / "fix.patch").write_bytes(diff.stdout)
    shutil.rmtree(draft)
    return home


def evaluate(folder: Path, *arguments: str) -> tuple[int, str, dict[str, Any]]:
    out = folder.parent / "results.json"
    command = [sys.executable, "-m", "healer.cli", "eval", str(folder), "--json", str(out), *arguments]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=180)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode, done.stdout, json.loads(out.read_text())


def test_each_verdict_is_found(tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    case(cases, "e1_right", RIGHT)
    case(cases, "e2_silenced", WRONG)
    case(cases, "e3_neighbour", GREEDY)
    case(cases, "e4_untouched", OLD + "    count = 1\n")
    case(cases, "e5_left_alone", RIGHT, outcome="no_patch")
    calm = case(cases, "e6_calm", RIGHT)
    (calm / "request.json").write_text(json.dumps({"request": {"path": "/cheeses/brie"}}))
    code, shown, found = evaluate(cases, "--reference", "--jobs", "2")
    assert code == 1
    assert {one["case"]: one["verdict"] for one in found["cases"]} == {
        "e1_right": "right",
        "e2_silenced": "wrong",
        "e3_neighbour": "broke tests",
        "e4_untouched": "still crashes",
        "e5_left_alone": "right",
        "e6_calm": "invalid case",
    }
    assert found["totals"]["rightly_declined"] == 1
    assert "5 with a right patch: 20% right, 60% wrong, 0% declined" in shown


def test_a_repair_is_judged_without_having_seen_the_answer(tmp_path: Path) -> None:
    cases = tmp_path / "cases"
    home = case(cases, "f1_cheese", RIGHT)
    (home / "fix.patch").unlink()
    code, shown, found = evaluate(home, "--engine", "playbook")
    (one,) = found["cases"]
    assert (code, one["verdict"], one["approach"]) == (0, "right", "conversion (refuse)"), one
    assert "isdecimal" in one["diff"] or "ValueError" in one["diff"]
    assert one["seconds"] > 0
    assert "conversion" in shown


def test_a_folder_without_cases_is_one_clear_line(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "healer.cli", "eval", str(tmp_path)]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stderr.strip().endswith("holds no case; a case has app.py, meta.json, request.json and oracle.py")
