import base64
import hashlib
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from healer.edges.deployment.folders import Folders, Unusable
from healer.edges.deployment.packages import Packages, is_for_good, locked
from healer.model import DeploymentError

LOCK = "deploy/requirements.lock"


@pytest.fixture
def wheels(tmp_path, monkeypatch):
    """The folder of wheels that the operator named, and nothing else to take packages from."""
    folder = tmp_path / "wheels"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("PIP_RETRIES", "0")
    monkeypatch.setenv("PIP_TARGET", str(tmp_path / "elsewhere"))  # not for others to say
    return folder


def a_wheel(folder, version: str) -> str:
    """Build a package `tea` of one module; its hash as a lock file names it."""
    about = f"tea-{version}.dist-info"
    files = {
        "tea.py": f"VERSION = {version!r}\n",
        f"{about}/METADATA": f"Metadata-Version: 2.1\nName: tea\nVersion: {version}\n",
        f"{about}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    sums = {name: base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()) for name, text in files.items()}
    record = [f"{name},sha256={digest.rstrip(b'=').decode()},{len(files[name])}" for name, digest in sums.items()]
    files[f"{about}/RECORD"] = "\n".join([*record, f"{about}/RECORD,,", ""])
    path = folder / f"tea-{version}-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in files.items():
            archive.writestr(name, text)
    return f"--hash=sha256:{hashlib.sha256(path.read_bytes()).hexdigest()}"


class Releases:
    def __init__(self, folder) -> None:
        self.folder = folder
        self.folders = Folders(folder, "")
        self._packages = Packages(folder, sys.executable, LOCK)

    def prepare(self, commit: str, lock: str | None) -> None:
        def export(folder):
            (folder / "deploy").mkdir(parents=True)
            if lock is not None:
                (folder / LOCK).write_text(lock)
            self._packages.add(folder)

        self.folders.prepare(commit, export)

    def environments(self) -> list[str]:
        return sorted(path.name for path in (self.folder / ".environments").iterdir())

    def link(self, commit: str) -> str:
        return str((self.folder / commit / ".environment").readlink())


@pytest.fixture
def releases(tmp_path):
    return Releases(tmp_path / "releases")


def test_a_release_has_the_packages_of_its_lock_file(tmp_path, wheels, releases):
    found = a_wheel(wheels, "1.0")
    releases.prepare("a", f"# by hand\ntea==1.0 \\\n    {found}  # drink\n")
    assert releases.link("a") == f"../.environments/{releases.environments()[0]}"
    command = [sys.executable, "-B", "-c", "import tea; print(tea.VERSION, tea.__cached__)"]
    environment = {"PYTHONPATH": str(releases.folder / "a" / ".environment")}
    version, compiled = subprocess.check_output(command, env=environment, text=True).split()
    assert version == "1.0"
    assert Path(compiled).read_bytes()[4:8] == (3).to_bytes(4, "little")  # by hash, and checked
    assert not (tmp_path / "elsewhere").exists()

    (wheels / "tea-1.0-py3-none-any.whl").unlink()
    releases.prepare("b", f"tea==1.0 {found}\n")  # the same packages are there already
    releases.prepare("c", None)
    releases.prepare("d", "# nothing\n")
    assert releases.link("b") == releases.link("a")
    assert not any((releases.folder / commit / ".environment").is_symlink() for commit in ("c", "d"))

    releases.folders.tidy(frozenset())
    assert len(releases.environments()) == 1
    for commit in ("a", "b"):
        (releases.folder / commit / ".environment").unlink()
    releases.folders.tidy(frozenset())
    assert releases.environments() == []


def test_what_pip_refuses_for_good_is_told(wheels, releases):
    a_wheel(wheels, "1.0")
    (wheels / "tea-2.0.tar.gz").write_bytes(b"not looked into: only wheels are")
    releases.prepare("a", "tea==2.0\n")
    refused = releases.folders.refused("a")
    assert refused.startswith(f"The packages in {LOCK} cannot be installed, as wheels: ")
    assert refused.endswith("(from versions: 1.0) No matching distribution found for tea==2.0")
    assert (releases.folders.kept(), releases.environments()) == ((), [])


def test_an_index_that_does_not_answer_means_not_now(wheels, releases, monkeypatch):
    monkeypatch.delenv("PIP_NO_INDEX")
    monkeypatch.delenv("PIP_FIND_LINKS")
    monkeypatch.setenv("PIP_INDEX_URL", "http://somebody:hidden@127.0.0.1:9/simple")
    with pytest.raises(
        DeploymentError, match=r"cannot install the packages in deploy/requirements\.lock now: .*tea"
    ) as no:
        releases.prepare("a", "tea==1.0")
    assert "hidden" not in str(no.value)
    assert (releases.folders.refused("a"), releases.folders.kept(), releases.environments()) == ("", (), [])


def test_packages_need_the_interpreter_and_their_name_in_the_release(tmp_path, wheels, releases):
    release = tmp_path / "release"
    release.mkdir()
    (release / "lock").write_text("tea==1.0\n")
    with pytest.raises(DeploymentError, match="'no-python' of the service is no program"):
        Packages(tmp_path, "no-python", "lock").add(release)
    (release / ".environment").touch()
    with pytest.raises(Unusable, match=r"the repository holds \.environment"):
        Packages(tmp_path, sys.executable, "lock").add(release)


@pytest.mark.parametrize(
    ("text", "pins"),
    [
        ("tea==1.0\r\nMilk_2[warm,fresh] == 1!2.0.post1+local ; python_version < \"3.12\" and os_name == 'posix'\n", 2),
        (
            f"\ufefftea==1 ; extra == 'x' \\\n --hash=sha256:{'a' * 64} \\\n --hash sha512:{'b' * 128} # why \\\n#x\n",
            1,
        ),
        ("tea===1.0 \\", 1),
        ("", 0),
    ],
)
def test_a_lock_file_is_read(tmp_path, text, pins):
    file = tmp_path / "lock"
    file.write_bytes(text.encode())
    assert len(locked("lock", file)) == pins


@pytest.mark.parametrize(
    "line",
    [
        "tea",
        "tea>=1.0",
        "tea==1.*",
        "tea @ https://example.org/tea-1.0.tar.gz",
        "./tea",
        "-e .",
        "-r other.txt",
        "--index-url https://example.org/${PIP_INDEX_URL}",
        "--no-binary :all:",
        "tea==1.0 --config-settings=x=y",
        "tea==1.0 ; os_name == 'x' --no-binary tea",
        "tea==1.0 --hash=md5:00",
        "tea==1.0 ; ${PIP_INDEX_URL}",
    ],
)
def test_of_a_lock_file_only_pins_are_taken(tmp_path, line):
    file = tmp_path / "lock"
    file.write_text(f"milk==1.0\n# a comment\n{line}\n")
    with pytest.raises(Unusable, match=r"lock, line 3: .* is not taken"):
        locked("lock", file)


@pytest.mark.parametrize(
    ("log", "for_good"),
    [
        ("ERROR: No matching distribution found for tea==2.0", True),
        (
            "Could not fetch URL x: 503 Server Error - skipping\nERROR: No matching distribution found for tea==2.0",
            False,
        ),
        ("WARNING: Location '/w' is ignored: it is\nERROR: No matching distribution found for tea==2.0", False),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES FROM THE REQUIREMENTS FILE.", True),
        ("ERROR: tea-1.0-cp27-none-any.whl is not a supported wheel on this platform.", True),
        ("ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device", False),
        ("No module named pip", False),
    ],
)
def test_only_what_another_try_cannot_change_is_for_good(log, for_good):
    assert is_for_good(log) is for_good
