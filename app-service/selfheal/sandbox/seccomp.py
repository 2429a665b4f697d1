"""The system calls a job has no business with, refused by a seccomp filter.

A list of refusals, not of permissions: code under test may use whatever its libraries use, and the other measures of
the jail do not depend on this one.
https://docs.kernel.org/userspace-api/seccomp_filter.html
"""

from __future__ import annotations

import ctypes
import errno
import platform
import socket
import struct

from . import kernel

_LOAD_WORD, _EQUAL, _ANY_BIT, _GREATER_OR_EQUAL, _RETURN = 0x20, 0x15, 0x45, 0x35, 0x06
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT = 0, 4, 16
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_MODE_FILTER = 2
_NEW_NAMESPACES = 0x7E020000
_X32 = 0x40000000

# x86_64, aarch64
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_SOCKET, _CLONE = (41, 198), (56, 220)
_NOT_PERMITTED = {
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "pidfd_getfd": (438, 438),
    "process_madvise": (440, 440),
    "kcmp": (312, 272),
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "add_key": (248, 217),
    "request_key": (249, 218),
    "keyctl": (250, 219),
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "open_tree": (428, 428),
    "move_mount": (429, 429),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "unshare": (272, 97),
    "setns": (308, 268),
    "name_to_handle_at": (303, 264),
    "open_by_handle_at": (304, 265),
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "fanotify_init": (300, 262),
    "acct": (163, 89),
    "swapon": (167, 224),
    "syslog": (103, 116),
    "quotactl": (179, 60),
}
# "No such call" makes libraries fall back. Shared memory and message queues outlive their maker and no limit counts
# them.
_NOT_IMPLEMENTED = {
    "clone3": (435, 435),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "memfd_create": (319, 279),
    "memfd_secret": (447, 447),
    "shmget": (29, 194),
    "semget": (64, 190),
    "msgget": (68, 186),
    "mq_open": (240, 180),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def supported() -> bool:
    return platform.machine() in _ARCHITECTURES


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _refuse(number: int, error: int) -> bytes:
    return _step(_EQUAL, number, 0, 1) + _step(_RETURN, _ERRNO | error)


def _program(machine: str, *, internet: bool) -> bytes:
    """The filter's instructions; `internet`: sockets of that family lead nowhere anyway, so they may be made."""
    column, architecture = _ARCHITECTURES[machine]
    steps = [
        _step(_LOAD_WORD, _ARCHITECTURE_AT),
        _step(_EQUAL, architecture, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD_WORD, _NUMBER_AT),
    ]
    if machine == "x86_64":  # the same calls under a second set of numbers
        steps += [_step(_GREATER_OR_EQUAL, _X32, 0, 1), _step(_RETURN, _ERRNO | errno.ENOSYS)]
    steps += [_refuse(numbers[column], errno.EPERM) for numbers in _NOT_PERMITTED.values()]
    steps += [_refuse(numbers[column], errno.ENOSYS) for numbers in _NOT_IMPLEMENTED.values()]
    steps += [
        _step(_EQUAL, _CLONE[column], 0, 3),
        _step(_LOAD_WORD, _FIRST_ARGUMENT_AT),
        _step(_ANY_BIT, _NEW_NAMESPACES, 0, 1),
        _step(_RETURN, _ERRNO | errno.EPERM),
        _step(_LOAD_WORD, _NUMBER_AT),
        _step(_EQUAL, _SOCKET[column], 1, 0),
        _step(_RETURN, _ALLOW),
        _step(_LOAD_WORD, _FIRST_ARGUMENT_AT),
    ]
    if internet:
        steps += [_step(_EQUAL, int(family), 0, 1) + _step(_RETURN, _ALLOW) for family in _INTERNET]
    steps += [_step(_RETURN, _ERRNO | (errno.EAFNOSUPPORT if internet else errno.ENETUNREACH))]
    return b"".join(steps)


_INTERNET = (socket.AF_INET, socket.AF_INET6)


def restrict(*, internet: bool) -> None:
    """From now on, for this process and all it starts. Needs no_new_privs."""
    program = _program(platform.machine(), internet=internet)
    buffer = ctypes.create_string_buffer(program, len(program))
    filters = _Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    kernel.prctl(kernel.PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(filters))
