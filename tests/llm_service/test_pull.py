"""The download against a stand-in for the hub: whole and verified, or not there at all; always with a remedy."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import resource
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from llm_service import pull

from tests.llm_service import hub as fake
from tests.llm_service.hub import FakeHub, File

OWNER = "Qwen/Qwen2.5-Coder-1.5B-Instruct-GGUF"
NAME = "qwen2.5-coder-1.5b-instruct-q4_k_m.gguf"
KEPT = "qwen2.5-coder-1.5b-q4.gguf"
TOKEN = "hf_secretsecretsecret"
NOBODY = 65534


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


Pull = Callable[..., Done]


@pytest.fixture
def hub() -> Iterator[FakeHub]:
    with fake.serving() as running:
        yield running
    assert running.unexpected == []


@pytest.fixture
def weights(hub: FakeHub, tiny_model: Path) -> File:
    """The tiny model, with bytes behind its end that a reader of GGUF passes over: some time to be interrupted in."""
    file = File(tiny_model.read_bytes() + bytes(range(256)) * 4096)
    hub.repositories[OWNER] = {NAME: file, "README.md": File(b"# Weights\n")}
    return file


@pytest.fixture
def place(tmp_path: Path, hub: FakeHub, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A working directory with an empty models/; the environment leads to the stand-in and to nothing else."""
    for name in [name for name in os.environ if name.startswith(("HF_", "LLM_", "HUGGING"))]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HF_ENDPOINT", hub.url)
    monkeypatch.setenv("HF_HOME", str(tmp_path / "hf-home"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setattr("llm_service.hub._PAUSES", (0.0,) * 4)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    return tmp_path


@pytest.fixture
def run(place: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Pull]:
    """The command in this process."""
    before = signal.getsignal(signal.SIGTERM)

    def command(*arguments: str) -> Done:
        code = pull.main(arguments)
        out, err = capsys.readouterr()
        return Done(code, out, err)

    yield command
    signal.signal(signal.SIGTERM, before)


@contextmanager
def _process(*arguments: str, **options: object) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "llm_service", "pull", *arguments]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, **options}
    with subprocess.Popen(command, **streams) as process:  # type: ignore[call-overload]
        try:
            yield process
        finally:
            process.kill()


def _partials(place: Path) -> list[Path]:
    return list((place / "models").glob(".pull/*"))


def _wait_for_partial(place: Path, size: int) -> int:
    until = time.monotonic() + 20
    while time.monotonic() < until:
        for path in _partials(place):
            if path.suffix == ".part" and path.stat().st_size >= size:
                return path.stat().st_size
        time.sleep(0.01)
    raise AssertionError("nothing arrived")


def _nothing_is_left(place: Path) -> bool:
    return list((place / "models").iterdir()) == []


def test_a_pull_brings_the_default_model_to_its_place(run: Pull, hub: FakeHub, weights: File, place: Path) -> None:
    done = run()
    target = place / "models" / KEPT
    assert (done.code, done.out) == (0, f"models/{KEPT} is there: 1.45 MB, sha256 {weights.sha256}\n")
    assert target.read_bytes() == weights.content
    assert stat.S_IMODE(target.stat().st_mode) == 0o644
    assert [path.name for path in (place / "models").iterdir()] == [KEPT]
    said = [int(number) for number in re.findall(r"(\d+) %", done.err)]
    assert said[-1] == 100
    assert all(number % 5 == 0 for number in said)
    assert said == sorted(set(said))
    # The bytes are those of the commit that was described, not of a branch that may move meanwhile.
    described = next(request for request in hub.requests if request.method == "GET")
    assert described.path == f"/{OWNER}/resolve/{fake.COMMIT}/{NAME}"


def test_a_lost_connection_is_taken_up_where_it_ended(run: Pull, hub: FakeHub, weights: File, place: Path) -> None:
    hub.cuts = [300_000, 500_000]
    hub.failures = [503]
    done = run()
    assert done.code == 0
    assert done.err.count("connection lost") == 3
    assert (place / "models" / KEPT).read_bytes() == weights.content
    assert hub.ranges_asked() == [None, "bytes=300000-", "bytes=800000-"]
    assert hub.sent == len(weights.content)


def test_a_server_without_ranges_is_read_from_the_start(run: Pull, hub: FakeHub, weights: File, place: Path) -> None:
    hub.cuts, hub.ranges = [300_000], False
    assert run().code == 0
    assert (place / "models" / KEPT).read_bytes() == weights.content


def test_it_gives_up_when_nothing_comes_and_the_next_run_goes_on(
    run: Pull, hub: FakeHub, weights: File, place: Path
) -> None:
    hub.cuts = [400_000, 0, 0, 0, 0]
    done = run()
    assert done.code == 1
    assert "the connection is lost" in done.err
    assert "run it again to go on" in done.err
    assert not (place / "models" / KEPT).exists()
    assert [path.stat().st_size for path in _partials(place)] == [400_000]
    assert run().code == 0
    assert hub.ranges_asked()[-1] == "bytes=400000-"
    assert hub.sent == len(weights.content)
    assert (place / "models" / KEPT).read_bytes() == weights.content


@pytest.mark.parametrize(
    ("blow", "code"), [(signal.SIGKILL, -signal.SIGKILL), (signal.SIGINT, 130), (signal.SIGTERM, 130)]
)
def test_an_interrupted_run_is_gone_on_with(
    hub: FakeHub, weights: File, place: Path, blow: signal.Signals, code: int
) -> None:
    hub.pause = 0.02
    with _process() as process:
        _wait_for_partial(place, 200_000)
        process.send_signal(blow)
        _, err = process.communicate(timeout=20)
    assert process.returncode == code
    assert ("stopped; run it again to go on" in err) == (code == 130)
    assert "Traceback" not in err
    assert not (place / "models" / KEPT).exists()
    (partial,) = _partials(place)
    arrived = partial.stat().st_size
    assert 200_000 <= arrived < len(weights.content)

    hub.pause = 0.0
    with _process() as process:
        out, err = process.communicate(timeout=20)
    assert (process.returncode, "is there" in out) == (0, True), err
    assert hub.ranges_asked()[-1] == f"bytes={arrived}-"
    assert f"going on at {100 * arrived // len(weights.content)} %" in err
    assert (place / "models" / KEPT).read_bytes() == weights.content
    assert not (place / "hf-home").exists()  # no cache, no registry, nothing but the download


def test_on_a_terminal_there_is_a_bar(hub: FakeHub, weights: File, place: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, 120))
    with _process(stderr=theirs) as process:
        os.close(theirs)
        shown = b""
        try:
            while piece := os.read(ours, 4096):
                shown += piece
        except OSError:
            pass  # how Linux says that the other end is closed
        out, _ = process.communicate(timeout=20)
    os.close(ours)
    assert process.returncode == 0
    assert f"{KEPT}: 100%|".encode() in shown
    assert b"5 %" not in shown
    assert out.startswith(f"models/{KEPT} is there")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"etag": "0" * 64}, "its sha256 is"),
        ({"size": 1_000_000}, "its sha256 is"),
    ],
)
def test_what_is_not_what_the_hub_says_is_not_kept(
    run: Pull, hub: FakeHub, weights: File, place: Path, change: dict[str, object], reason: str
) -> None:
    hub.repositories[OWNER][NAME] = replace(weights, **change)  # type: ignore[arg-type]
    done = run()
    assert done.code == 1
    assert f"what arrived is not kept: {reason}" in done.err
    assert "run it again" in done.err
    assert _nothing_is_left(place)


def test_a_body_that_was_changed_is_not_kept(run: Pull, hub: FakeHub, weights: File, place: Path) -> None:
    wrong = weights.content[:-1] + b"!"
    hub.repositories[OWNER][NAME] = replace(weights, sent=wrong)
    assert run().code == 1
    assert _nothing_is_left(place)
    hub.repositories[OWNER][NAME] = weights
    assert run().code == 0


def test_a_body_that_is_too_short_never_becomes_the_model(run: Pull, hub: FakeHub, weights: File, place: Path) -> None:
    hub.repositories[OWNER][NAME] = replace(weights, sent=weights.content[:-1000])
    done = run()
    assert done.code == 1
    assert "the hub answered 416 when asked for the rest of the file" in done.err
    assert not (place / "models" / KEPT).exists()


def test_what_is_no_gguf_is_not_kept(run: Pull, hub: FakeHub, weights: File, place: Path) -> None:
    hub.repositories[OWNER][NAME] = File(b"<html>" * 1000)
    done = run()
    assert done.code == 1
    assert "it is not a GGUF file" in done.err
    assert _nothing_is_left(place)


def test_without_a_checksum_nothing_is_fetched(run: Pull, hub: FakeHub, weights: File, place: Path) -> None:
    hub.repositories[OWNER][NAME] = replace(weights, etag="0123456789abcdef0123456789abcdef01234567")
    done = run()
    assert (done.code, "cannot be verified" in done.err, hub.sent) == (1, True, 0)


def test_space_is_looked_at_first_and_what_is_there_counts(
    run: Pull, hub: FakeHub, weights: File, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def free(size: int) -> None:
        monkeypatch.setattr(shutil, "disk_usage", lambda _path: SimpleNamespace(free=size))

    free(1_100_000)
    done = run()
    assert done.code == 1
    assert "1.10 MB free and 1.45 MB are needed; free 351.58 kB" in done.err
    assert hub.sent == 0
    assert _nothing_is_left(place)

    free(10**12)
    hub.cuts = [400_000, 0, 0, 0, 0]
    assert run().code == 1
    free(1_000_000)
    assert "1.05 MB are needed (400.00 kB are there already); free 51.58 kB" in run().err
    free(1_100_000)
    assert run().code == 0


def test_a_disk_that_fills_up_keeps_what_is_there(hub: FakeHub, weights: File, place: Path) -> None:
    def little() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (500_000, 500_000))

    with _process(preexec_fn=little) as process:
        _, err = process.communicate(timeout=20)
    assert process.returncode == 1
    assert "the disk is full: 500.00 kB of 1.45 MB are there and kept; free 951" in err
    assert not (place / "models" / KEPT).exists()
    with _process() as process:
        process.communicate(timeout=20)
    assert process.returncode == 0
    assert hub.ranges_asked()[-1] == "bytes=500000-"


def test_the_same_file_is_left_alone(run: Pull, hub: FakeHub, weights: File, place: Path) -> None:
    target = place / "models" / KEPT
    target.write_bytes(weights.content)
    before = target.stat()
    done = run("--force")
    assert (done.code, done.out) == (0, f"models/{KEPT} is already there: 1.45 MB, sha256 {weights.sha256}\n")
    assert target.stat() == before
    assert hub.sent == 0


@pytest.mark.parametrize("content", [b"another", b"x" * 1_451_584])
def test_another_file_is_replaced_by_force_only(
    run: Pull, hub: FakeHub, weights: File, place: Path, content: bytes
) -> None:
    target = place / "models" / KEPT
    target.write_bytes(content)
    done = run()
    assert (done.code, "is another file" in done.err, "--force" in done.err) == (1, True, True)
    assert (target.read_bytes(), hub.sent) == (content, 0)
    assert run("--force").code == 0
    assert target.read_bytes() == weights.content


def test_a_failed_pull_leaves_the_old_file(run: Pull, hub: FakeHub, weights: File, place: Path) -> None:
    target = place / "models" / KEPT
    target.write_bytes(b"old")
    hub.repositories[OWNER][NAME] = replace(weights, etag="0" * 64)
    assert run("--force").code == 1
    assert target.read_bytes() == b"old"


def test_a_link_stays_a_link(run: Pull, weights: File, place: Path) -> None:
    (place / "big").mkdir()
    link = place / "models" / KEPT
    link.symlink_to(place / "big" / "weights.gguf")
    assert run().code == 0
    assert link.is_symlink()
    assert (place / "big" / "weights.gguf").read_bytes() == weights.content
    assert run().out.startswith(f"models/{KEPT} is already there")


def test_partial_files_of_another_version_go(run: Pull, hub: FakeHub, weights: File, place: Path) -> None:
    hub.cuts = [400_000, 0, 0, 0, 0]
    assert run().code == 1
    old = hub.repositories[OWNER][NAME]
    newer = File(old.content + b"newer")
    hub.repositories[OWNER][NAME] = newer
    assert run().code == 0
    assert hub.ranges_asked()[-1] is None
    assert [path.name for path in (place / "models").iterdir()] == [KEPT]


def test_names_that_the_hub_does_not_know(run: Pull, hub: FakeHub, weights: File) -> None:
    cases = [
        ((OWNER, NAME.replace("q4", "q5")), f"has no file '{NAME.replace('q4', 'q5')}'; did you mean {NAME}?"),
        ((OWNER, "zzz.gguf"), f"it has {NAME}"),
        ((OWNER, NAME, "--revision", "v9"), "has no revision 'v9'; leave out --revision"),
        (
            ("Qwen/Nothing", NAME),
            "shows no repository 'Qwen/Nothing'; check the name; if it is private, make a token at",
        ),
        (("no/such/thing", NAME), "REPOSITORY is 'no/such/thing'; it must look like 'owner/name'"),
        ((OWNER, "model.safetensors"), "name a file that ends in .gguf"),
        ((OWNER, "big-00001-of-00002.gguf"), "one part of several"),
    ]
    for arguments, message in cases:
        done = run(*arguments)
        assert (done.code, message in done.err, done.err.count("\n")) == (2, True, 1), done.err
    assert hub.sent == 0


def test_the_file_may_be_left_out_where_there_is_one(run: Pull, hub: FakeHub, weights: File, place: Path) -> None:
    hub.repositories["some/one"] = {"only.gguf": weights, "README.md": File(b"x")}
    hub.repositories["some/two"] = {"a.gguf": weights, "b.gguf": weights}
    hub.repositories["some/none"] = {"README.md": File(b"x")}
    done = run("some/one")
    assert done.out.splitlines()[1] == "to serve it: LLM_MODEL=models/only.gguf"
    assert (place / "models" / "only.gguf").read_bytes() == weights.content
    done = run("some/two")
    assert (done.code, "name a FILE: a.gguf, b.gguf" in done.err) == (2, True)
    done = run("some/none")
    assert (done.code, "some/none has no .gguf file" in done.err) == (2, True)


def test_where_it_is_kept(run: Pull, hub: FakeHub, weights: File, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run("--to", "elsewhere/deep/model.gguf").code == 0
    assert (place / "elsewhere/deep/model.gguf").read_bytes() == weights.content
    assert run("--to", "elsewhere").code == 0
    assert (place / "elsewhere" / NAME).exists()
    monkeypatch.setenv("LLM_MODEL", "models/mine.gguf")
    done = run()
    assert (done.code, done.out.count("\n")) == (0, 1)  # it is served there: nothing to add
    assert (place / "models/mine.gguf").exists()
    monkeypatch.setenv("LLM_MODEL", "models")
    done = run()
    assert (done.code, done.err) == (2, "pull: models is a folder; name a file in it\n")


def test_a_gated_repository_asks_for_a_token_and_none_is_shown(
    run: Pull, hub: FakeHub, weights: File, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub.gated, hub.token = {OWNER}, TOKEN
    done = run()
    assert done.code == 1
    assert f"accept its terms at {hub.url}/{OWNER}" in done.err
    assert "HF_TOKEN or --token-file" in done.err

    (place / "token").write_text("hf_anotherone\n")
    done = run("--token-file", "token")
    assert (done.code, "the hub refuses the token" in done.err, "anotherone" in done.err) == (1, True, False)

    (place / "token").write_text(TOKEN + "\n")
    done = run("--token-file", "token")
    assert (done.code, TOKEN in done.out + done.err) == (0, False)
    assert {r.authorization for r in hub.requests if r.path.startswith("/blob/")} == {None}

    monkeypatch.setenv("HF_TOKEN", TOKEN)
    assert run("--to", "again.gguf").code == 0


@pytest.mark.parametrize("content", ["", "two words", "héhé"])
def test_a_bad_token_file_is_named_and_its_content_is_not(run: Pull, weights: File, place: Path, content: str) -> None:
    (place / "token").write_text(content, encoding="utf-8")
    done = run("--token-file", "token")
    assert (done.code, "--token-file token" in done.err) == (2, True)
    assert not content or content not in done.err
    assert run("--token-file", "missing").err == (
        "pull: --token-file missing cannot be read: No such file or directory; "
        "name a file that holds nothing but the token\n"
    )


def test_without_a_network_it_says_so(run: Pull, weights: File, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_ENDPOINT", "http://127.0.0.1:9")
    done = run()
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert "http://127.0.0.1:9 cannot be reached" in done.err
    assert "HF_ENDPOINT for a mirror" in done.err
    monkeypatch.setenv("HF_ENDPOINT", "mirror.example")
    assert "mirror.example cannot be reached" in run().err


def test_only_one_pull_at_a_time_writes_into_a_folder(run: Pull, weights: File, place: Path) -> None:
    handle = os.open(place / "models", os.O_RDONLY)
    fcntl.flock(handle, fcntl.LOCK_EX)
    done = run()
    os.close(handle)
    assert (done.code, "another download into" in done.err) == (1, True)
    assert _nothing_is_left(place)
    assert run().code == 0


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Root writes everywhere; anybody else is nobody enough already."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_folder_of_somebody_else_is_named_with_its_owner(run: Pull, hub: FakeHub, weights: File) -> None:
    with tempfile.TemporaryDirectory() as folder:
        models = Path(folder) / "models"
        models.mkdir()
        Path(folder).chmod(0o755)
        models.chmod(0o555)
        with _as_nobody():
            done = run("--to", f"{models}/model.gguf")
            deeper = run("--to", f"{models}/new/model.gguf")
        models.chmod(0o755)
    assert done.code == 1
    assert f"{models} cannot be written to: Permission denied; " in done.err
    if os.geteuid() == 0:
        assert (
            f"belongs to root and this runs as nobody: run it as root, or first: sudo chown {NOBODY} {models}"
            in done.err
        )
    else:
        assert f"it helps to run: chmod u+rwX {models}" in done.err
    assert (deeper.code, str(models) in deeper.err) == (1, True)
    assert hub.sent == 0


def test_help_and_bad_options_need_no_network(
    run: Pull, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("llm_service.download", "llm_service.hub", "llm_service.progress"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    with pytest.raises(SystemExit) as ended:
        pull.main(["--help"])
    assert (ended.value.code, "--token-file" in capsys.readouterr().out) == (0, True)
    with pytest.raises(SystemExit) as ended:
        pull.main(["--tokenfile", "x"])
    assert ended.value.code == 2
    capsys.readouterr()
    done = run()
    assert (done.code, done.err) == (
        1,
        "pull: huggingface_hub is not installed here; it helps to run: make llm\n",
    )


def test_the_healers_command_is_the_same(hub: FakeHub, weights: File, place: Path) -> None:
    def healer(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "healer.cli", "model", "pull", *arguments]
        return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)

    assert "--token-file PATH" in healer("--help").stdout
    assert healer(OWNER, "--nonsense").returncode == 2
    done = healer("--to", "models/other.gguf", OWNER, NAME)
    assert (done.returncode, done.stderr.count("100 %")) == (0, 1)
    assert (place / "models" / "other.gguf").read_bytes() == weights.content
