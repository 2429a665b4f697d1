"""The folder of undelivered reports: private, bounded, taken over from the dead only."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from selfheal.spool import Spool

DOCUMENT = b"compressed or not is the same here"


def test_a_saved_report_is_private_and_is_removed_when_it_is_delivered(tmp_path: Path) -> None:
    spool = Spool(str(tmp_path / "new" / "folder"))
    assert spool.save([("a" * 32, DOCUMENT)]) == {"a" * 32}
    (file,) = (tmp_path / "new" / "folder").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600
    assert file.read_bytes() == DOCUMENT
    assert spool.load({"a" * 32}) == []  # it is in memory here
    spool.remove("a" * 32)
    assert not spool.waiting()


def test_reports_of_the_dead_are_taken_over_by_one_and_those_of_the_living_are_not(tmp_path: Path) -> None:
    gone = subprocess.Popen(["true"])
    gone.wait()
    (tmp_path / f"{'b' * 32}.{gone.pid}.json.gz").write_bytes(DOCUMENT)
    (tmp_path / f"{'c' * 32}.{os.getppid()}.json.gz").write_bytes(DOCUMENT)
    (tmp_path / f"{'d' * 32}.{gone.pid}.k1j2h3").write_bytes(b"half of a rep")
    (tmp_path / "notes.txt").write_text("not ours")
    first, second = Spool(str(tmp_path)), Spool(str(tmp_path))
    assert first.load(()) == [("b" * 32, DOCUMENT)]
    first.remove("b" * 32)
    assert second.load(()) == []
    assert sorted(file.name for file in tmp_path.iterdir()) == [f"{'c' * 32}.{os.getppid()}.json.gz", "notes.txt"]


def test_in_a_new_container_the_last_ones_process_id_may_be_the_own(tmp_path: Path) -> None:
    (tmp_path / f"{'b' * 32}.{os.getpid()}.json.gz").write_bytes(DOCUMENT)
    assert Spool(str(tmp_path)).load(()) == [("b" * 32, DOCUMENT)]


def test_the_folder_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("selfheal.spool._MAX_FILES", 5)
    spool = Spool(str(tmp_path))
    assert len(spool.save([(f"{number:032x}", DOCUMENT) for number in range(8)])) == 5
    assert spool.save([("9" * 32, DOCUMENT)]) == set()
    assert len(spool.save([(f"{0:032x}", DOCUMENT * 2)])) == 1  # one that is there is replaced
    other = Spool(str(tmp_path / "other"))
    assert other.save([("a" * 32, b"x" * 15_000_000), ("b" * 32, b"x" * 15_000_000)]) == {"a" * 32}


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("")
    spool = Spool(str(file))
    assert spool.save([("a" * 32, DOCUMENT)]) == set()
    assert spool.load(()) == []
