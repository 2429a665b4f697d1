# ruff: noqa: PTH123 (pathlib is slower and knows no descriptors)
"""The Linux calls a jail needs and the standard library has no function for, by ctypes.

It decides nothing: what is used, and in which order, is jail's business.
"""

from __future__ import annotations

import ctypes
import errno
import os
import socket
import struct
import sys

CLONE_NEWNS = 0x00020000
CLONE_NEWIPC = 0x08000000
CLONE_NEWUSER = 0x10000000
CLONE_NEWPID = 0x20000000
CLONE_NEWNET = 0x40000000

PR_SET_PDEATHSIG = 1
PR_SET_DUMPABLE = 4
PR_SET_KEEPCAPS = 8
PR_SET_SECCOMP = 22
PR_CAPBSET_DROP = 24
PR_SET_CHILD_SUBREAPER = 36
PR_SET_NO_NEW_PRIVS = 38
PR_CAP_AMBIENT = 47
PR_CAP_AMBIENT_RAISE = 2
PR_CAP_AMBIENT_CLEAR_ALL = 4

CAP_DAC_READ_SEARCH = 2

_MOUNT_SETATTR = 442  # the same number on every architecture
_AT_FDCWD, _AT_RECURSIVE = -100, 0x8000
_READ_ONLY, _NO_SETUID, _PRIVATE = 1, 2, 1 << 18
_MS_NOSUID, _MS_NODEV = 2, 4

_CAPABILITY_VERSION_3 = 0x20080522
_SIOCGIFFLAGS = 0x8913
_SIOCSIFFLAGS = 0x8914
_IFF_UP = 0x1

_libc = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None


class _CapabilityHeader(ctypes.Structure):
    _fields_ = (("version", ctypes.c_uint32), ("pid", ctypes.c_int))


class _CapabilitySets(ctypes.Structure):
    _fields_ = (("effective", ctypes.c_uint32), ("permitted", ctypes.c_uint32), ("inheritable", ctypes.c_uint32))


class _MountAttributes(ctypes.Structure):
    _fields_ = tuple((name, ctypes.c_uint64) for name in ("set", "clear", "propagation", "user_namespace"))


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _require_linux() -> ctypes.CDLL:
    if _libc is None:
        raise OSError(errno.ENOSYS, "not Linux")
    return _libc


def prctl(option: int, *arguments: int) -> int:
    padded = [ctypes.c_ulong(value) for value in (*arguments, 0, 0, 0, 0)[:4]]
    return _checked(int(_require_linux().prctl(option, *padded)), f"prctl {option}")


def syscall(number: int, *arguments: object) -> int:
    """A raw system call; the arguments must already be ctypes values."""
    return _checked(int(_require_linux().syscall(ctypes.c_long(number), *arguments)), f"system call {number}")


def unshare(flags: int) -> None:
    _checked(int(_require_linux().unshare(flags)), "unshare")


def make_read_only(path: str) -> None:
    """In a mount namespace that was just made: every file system at `path` and below, and no news of later mounts."""
    attributes = _MountAttributes(_READ_ONLY | _NO_SETUID, 0, _PRIVATE, 0)
    syscall(
        _MOUNT_SETATTR,
        ctypes.c_int(_AT_FDCWD),
        ctypes.c_char_p(os.fsencode(path)),
        ctypes.c_uint(_AT_RECURSIVE),
        ctypes.byref(attributes),
        ctypes.c_size_t(ctypes.sizeof(attributes)),
    )


def mount_memory(path: str, options: str) -> None:
    """A new file system in memory at `path`."""
    target = ctypes.c_char_p(os.fsencode(path))
    flags = ctypes.c_ulong(_MS_NOSUID | _MS_NODEV)
    done = _require_linux().mount(b"tmpfs", target, b"tmpfs", flags, ctypes.c_char_p(options.encode()))
    _checked(int(done), "mount")


def map_own_user(uid: int, gid: int) -> None:
    """In a user namespace that was just made: keep the user's own numbers."""
    for name, text in (("setgroups", "deny"), ("uid_map", f"{uid} {uid} 1"), ("gid_map", f"{gid} {gid} 1")):
        with open(f"/proc/self/{name}", "w", encoding="ascii") as file:
            file.write(text)


def raise_loopback() -> None:
    """In a network namespace that was just made: a refused local connection is then refused as it is elsewhere."""
    import fcntl  # noqa: PLC0415 - not there on every system this file is imported on

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        answer = fcntl.ioctl(probe, _SIOCGIFFLAGS, struct.pack("16sH14x", b"lo", 0))
        flags = struct.unpack("16sH14x", answer)[1]
        fcntl.ioctl(probe, _SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", flags | _IFF_UP))


def drop_bounding_set(keep: int = 0) -> None:
    """No program started later can get a capability back (`keep`: bit mask); a user without any has nothing to drop."""
    for number in range(64):
        if keep >> number & 1:
            continue
        try:
            prctl(PR_CAPBSET_DROP, number)
        except OSError as error:
            if error.errno == errno.EINVAL:  # past the last one this kernel knows
                return
            if error.errno == errno.EPERM:
                return
            raise


def set_capabilities(mask: int) -> None:
    """Hold exactly the capabilities of the bit mask, and hand them on to programs that are started."""
    header = _CapabilityHeader(_CAPABILITY_VERSION_3, 0)
    low, high = mask & 0xFFFFFFFF, mask >> 32
    sets = (_CapabilitySets * 2)(_CapabilitySets(low, low, low), _CapabilitySets(high, high, high))
    _checked(int(_require_linux().capset(ctypes.byref(header), ctypes.byref(sets))), "capset")
    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL)
    for number in range(64):
        if mask >> number & 1:
            prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number)
