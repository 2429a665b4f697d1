"""What the archive of a job may hold, and what becomes of it."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path

import pytest
from selfheal.sandbox.archive import UnusableArchive, unpack


def archive(*members: tuple[tarfile.TarInfo, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as file:
        for member, data in members:
            member.size = len(data) if member.isreg() else 0
            file.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def member(name: str, kind: bytes = tarfile.REGTYPE, target: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname, info.mode = kind, target, mode
    return info


def unpacked(tmp_path: Path, data: bytes, size: int | None = None) -> dict[str, str]:
    tree = tmp_path / "tree"
    tree.mkdir()
    unpack(io.BytesIO(data), len(data) if size is None else size, str(tree))
    return {str(path.relative_to(tree)): path.read_text() for path in tree.rglob("*") if path.is_file()}


def test_regular_files_are_unpacked_with_their_folders(tmp_path: Path) -> None:
    data = archive(
        (member("./app.py"), b"1"),
        (member("shop", tarfile.DIRTYPE), b""),
        (member("shop/a/b.py"), b"2"),
        (member("run.sh", mode=0o4777), b"3"),
    )
    assert unpacked(tmp_path, data) == {"app.py": "1", "shop/a/b.py": "2", "run.sh": "3"}
    assert [(tmp_path / "tree" / name).stat().st_mode & 0o7777 for name in ("app.py", "run.sh")] == [0o644, 0o755]


@pytest.mark.parametrize(
    "left_out",
    [
        member("link", tarfile.SYMTYPE, "/etc/passwd"),
        member("hard", tarfile.LNKTYPE, "app.py"),
        member("pipe", tarfile.FIFOTYPE),
        member("null", tarfile.CHRTYPE),
        member("disk", tarfile.BLKTYPE),
    ],
)
def test_links_and_devices_are_left_out(tmp_path: Path, left_out: tarfile.TarInfo) -> None:
    assert unpacked(tmp_path, archive((member("app.py"), b"1"), (left_out, b""))) == {"app.py": "1"}


def test_a_link_is_not_followed_by_what_comes_after_it(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    data = archive((member("a", tarfile.SYMTYPE, str(outside)), b""), (member("a/b"), b"1"))
    assert unpacked(tmp_path, data) == {"a/b": "1"}
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ([(member("/etc/cron.d/x"), b"1")], "absolute"),
        ([(member("../x"), b"1")], "points outside"),
        ([(member("a/../../x"), b"1")], "points outside"),
        ([(member("a/.."), b"1")], "points outside"),
        ([(member("a/" * 300 + "b"), b"1")], "deeper than 200"),
        ([(member("a"), b"1"), (member("a/b"), b"1")], "one name for a file and for a folder"),
        ([(member("a/b"), b"1"), (member("a"), b"1")], "one name for a file and for a folder"),
    ],
)
def test_names_that_make_no_sense_refuse_the_archive(
    tmp_path: Path, members: list[tuple[tarfile.TarInfo, bytes]], reason: str
) -> None:
    with pytest.raises(UnusableArchive, match=reason):
        unpacked(tmp_path, archive(*members))
    assert [path.name for path in tmp_path.iterdir()] == ["tree"]


def test_a_sparse_member_cannot_claim_more_than_was_sent(tmp_path: Path) -> None:
    header = member("big").tobuf(tarfile.PAX_FORMAT)
    pax = member("big")
    pax.pax_headers = {"GNU.sparse.major": "1", "GNU.sparse.minor": "0", "GNU.sparse.realsize": str(1 << 40)}
    data = pax.tobuf(tarfile.PAX_FORMAT) + header + b"\0" * 4096
    with pytest.raises(UnusableArchive, match=r"more than it may|cannot be read"):
        unpacked(tmp_path, data)


@pytest.mark.parametrize("sent", [0, 100, 600, 1500])
def test_an_archive_that_ends_early_is_told(tmp_path: Path, sent: int) -> None:
    data = archive((member("app.py"), b"x" * 1000))
    with pytest.raises(EOFError):
        unpacked(tmp_path, data[:sent], len(data))


def test_no_archive_is_an_empty_tree(tmp_path: Path) -> None:
    assert unpacked(tmp_path, b"") == {}


def test_what_follows_the_archive_stays_unread(tmp_path: Path) -> None:
    data = archive((member("app.py"), b"1"))
    stream = io.BytesIO(data + b"next")
    (tmp_path / "tree").mkdir()
    unpack(stream, len(data), str(tmp_path / "tree"))
    assert stream.read() == b"next"
