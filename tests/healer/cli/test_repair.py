"""`healer repair` as a process: a folder and a report in, a verified patch or an honest no out."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from git import Repo
from healer.cli.repairing import Wanted, run
from healer.model import BadInput
from rich.console import Console

APP = '''"""Cheese prices."""
from flask import Flask, jsonify, request

app = Flask(__name__)
CENTS = {"gouda": 1290, "brie": 1850}


@app.get("/cheeses/<name>")
def show(name):
    if name not in CENTS:
        return jsonify(error="no such cheese"), 404
    return jsonify(name=name, cents=CENTS[name])


@app.get("/cheeses/<name>/portion")
def portion(name):
    if name not in CENTS:
        return jsonify(error="no such cheese"), 404
    grams = request.args.get("grams", "100")
    return jsonify(name=name, cents=CENTS[name] * int(grams) // 1000)


@app.get("/wheels/<name>")
def wheel(name):
    count = request.args.get("count", "1")
    if not count.isdecimal():
        return jsonify(error="count must be a whole number"), 400
    return jsonify(name=name, cents=CENTS[name] * int(count) * 12)
'''
TESTS = """from app import app


def test_a_portion():
    assert app.test_client().get("/cheeses/brie/portion?grams=200").get_json() == {"name": "brie", "cents": 370}
"""
LINE = "return jsonify(name=name, cents=CENTS[name] * int(grams) // 1000)"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A git work tree with one line that was never committed."""
    folder = tmp_path / "cheese"
    (folder / "tests").mkdir(parents=True)
    (folder / "app.py").write_text(APP.replace("1850", "1700"))
    (folder / "tests" / "test_app.py").write_text(TESTS)
    with Repo.init(folder, initial_branch="main") as repo:
        repo.git.add("-A")
        repo.git.execute(["git", "-c", "user.name=dev", "-c", "user.email=dev@localhost", "commit", "-qm", "cheese"])
    (folder / "app.py").write_text(APP)
    return folder


def incident(folder: Path, file: str = "incident.json", **changes: object) -> Path:
    line = 1 + next(number for number, text in enumerate(APP.splitlines()) if text.strip() == LINE)
    document: dict[str, object] = {
        "exception": {
            "type": "ValueError",
            "module": "builtins",
            "message": "invalid literal for int() with base 10: 'some'",
            "bases": ["ValueError", "Exception", "BaseException", "object"],
        },
        "frames": [
            {
                "file": "app.py",
                "line": line,
                "function": "portion",
                "in_app": True,
                "source": LINE,
                "locals": {"name": "'brie'", "grams": "'some'"},
            }
        ],
        "request": {"method": "GET", "path": "/cheeses/brie/portion?grams=some"},
        "earlier_requests": [],
        "framework": "flask",
        "entry": "app:app",
    }
    path = folder.parent / file
    path.write_text(json.dumps(document | changes))
    return path


def repair(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "healer.cli", "repair", *map(str, arguments)]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=120)


def test_a_verified_patch_for_the_folder_as_it_stands(project: Path, tmp_path: Path) -> None:
    before = {path: path.read_bytes() for path in project.rglob("*") if path.is_file()}
    patch, result = tmp_path / "fix.patch", tmp_path / "result.json"
    done = repair(project, "--incident", incident(project), "--out", patch, "--json", result)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert {path: path.read_bytes() for path in project.rglob("*") if path.is_file()} == before

    with Repo(project) as repo:
        repo.git.apply("--check", str(patch))
    assert patch.read_text().startswith("--- a/app.py\n+++ b/app.py\n")
    assert ", 400" in patch.read_text()  # as the neighbour refuses, in the folder as it is now

    said = json.loads(result.read_text())
    assert said["status"] == "patched"
    assert said["diagnosis"]["category"] == "conversion"
    assert said["diagnosis"]["fix_sites"][0]["file"] == "app.py"
    assert [one["accepted"] for one in said["candidates"]][-1:] == [True]
    assert said["patch"]["diff"] == patch.read_text()
    assert said["patch"]["files"] == ["app.py"]
    assert set(said["seconds"]) == {"fetch", "reproduce", "diagnose", "repair", "total"}


def test_without_out_the_patch_goes_to_stdout(project: Path) -> None:
    done = repair(project, "--incident", incident(project), "--tests", "python -m pytest -q tests")
    assert done.returncode == 0
    assert done.stdout.startswith("--- a/app.py")
    assert "patched by" in done.stderr


def test_what_the_tests_refuse_is_declined_with_its_reason(project: Path, tmp_path: Path) -> None:
    """A test that holds the service to answering every amount leaves no way to refuse."""
    pinned = TESTS + (
        "\n\ndef test_every_crash_is_wanted():\n"
        "    app.testing = True\n"
        "    import pytest\n"
        "    with pytest.raises(ValueError):\n"
        '        app.test_client().get("/cheeses/brie/portion?grams=some")\n'
    )
    (project / "tests" / "test_app.py").write_text(pinned)
    result = tmp_path / "result.json"
    done = repair(project, "--incident", incident(project), "--json", result)
    assert (done.returncode, done.stdout) == (3, "")
    assert "declined:" in done.stderr
    assert "test_every_crash_is_wanted passed before and is now failed" in json.loads(result.read_text())["reason"]


def test_a_full_disk_is_no_matter_of_code(project: Path) -> None:
    full = {"type": "OSError", "message": "[Errno 28] No space left on device", "bases": ["OSError", "Exception"]}
    done = repair(project, "--incident", incident(project, exception=full))
    assert done.returncode == 3
    assert "disk is full" in done.stderr
    assert "does not reproduce" not in done.stderr


def test_unusable_input_is_one_clear_line(project: Path, tmp_path: Path) -> None:
    done = repair(project, "--incident", tmp_path / "none.json")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("healer: --incident: cannot read")
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("project", Path("nowhere"), "PROJECT: 'nowhere' is no folder"),
        ("incident", "{", "the report is no JSON"),
        ("incident", '{"exception": {"type": "KeyError"}, "frames": [{"line": -1}]}', "frames.0"),
        ("engine", "magic", "--engine: 'magic' is none of auto, playbook, llm"),
        ("engine", "llm", "--llm: the engine 'llm' needs a model's server"),
        ("llm", "ftp://x", "--llm: 'ftp://x' is no http(s) address"),
        ("tests", "make test", "--tests: 'make test' is no pytest command"),
        ("tests", "pytest 'tests", '--tests: "pytest \'tests" is no command'),
        ("python", "no-such-python", "--python: 'no-such-python' is no program"),
        ("out", Path("nowhere/fix.patch"), "there is no folder 'nowhere'"),
    ],
)
def test_each_field_is_checked_before_anything_starts(project: Path, field: str, value: object, said: str) -> None:
    good = incident(project)
    if field == "incident":
        good.write_text(str(value))
        value = good
    wanted = replace(Wanted(project, good, "auto", "", "", "", "", None, None), **{field: value})
    with pytest.raises(BadInput, match=re.escape(said)):
        run(wanted, Console(), Console(stderr=True))
