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

_LOAD_WORD, _EQUAL, _ANY_BIT, _GREATER_OR_EQUAL, _RETURN, _KEEP_BITS = 0x20, 0x15, 0x45, 0x35, 0x06, 0x54
_NUMBER_AT, _ARCHITECTURE_AT, _FIRST_ARGUMENT_AT, _SECOND_ARGUMENT_AT = 0, 4, 16, 24
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_MODE_FILTER = 2
_NEW_NAMESPACES = 0x7E020000
_X32 = 0x40000000

# x86_64, aarch64
_ARCHITECTURES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
_SOCKET, _SOCKETPAIR, _CLONE, _SETPRIORITY, _PRCTL = (41, 198), (53, 199), (56, 220), (141, 140), (157, 167)
_NOT_PERMITTED: dict[str, tuple[int, int | None]] = {
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
    "ioprio_set": (251, 30),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
}
# Only for the caller itself: a first argument of 0. The kernel lets a user do this to all of his processes.
_FOR_ITSELF: dict[str, tuple[int, int | None]] = {
    "prlimit64": (302, 261),
    "sched_setparam": (142, 118),
    "sched_setscheduler": (144, 119),
    "sched_setaffinity": (203, 122),
    "sched_setattr": (314, 274),
}
# Landlock lets a user change these of all his files. They do nothing and report success, since libraries that copy
# files call them in passing.
_IGNORED: dict[str, tuple[int, int | None]] = {
    "chmod": (90, None),
    "fchmod": (91, 52),
    "fchmodat": (268, 53),
    "fchmodat2": (452, 452),
    "chown": (92, None),
    "lchown": (94, None),
    "fchown": (93, 55),
    "fchownat": (260, 54),
    "utime": (132, None),
    "utimes": (235, None),
    "futimesat": (261, None),
    "utimensat": (280, 88),
    "setxattr": (188, 5),
    "lsetxattr": (189, 6),
    "fsetxattr": (190, 7),
    "removexattr": (197, 14),
    "lremovexattr": (198, 15),
    "fremovexattr": (199, 16),
    "setxattrat": (463, 463),
    "removexattrat": (466, 466),
    "file_setattr": (469, 469),
}
# "No such call" makes libraries fall back. Shared memory and message queues outlive their maker and no limit counts
# them; inotify tells of files that cannot be opened.
_NOT_IMPLEMENTED: dict[str, tuple[int, int | None]] = {
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
    "inotify_init": (253, None),
    "inotify_init1": (294, 26),
}


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))


def supported() -> bool:
    return platform.machine() in _ARCHITECTURES


def _step(code: int, value: int, if_true: int = 0, if_false: int = 0) -> bytes:
    return struct.pack("=HBBI", code, if_true, if_false, value)


def _refuse(error: int) -> bytes:
    return _step(_RETURN, _ERRNO | error)


def _when(number: int | None, *steps: bytes) -> bytes:
    """For that call alone; the number is loaded again afterwards. None: this architecture has no such call."""
    if number is None:
        return b""
    return _step(_EQUAL, number, 0, len(steps) + 1) + b"".join(steps) + _step(_LOAD_WORD, _NUMBER_AT)


def _within_reach_of_its_user(machine: str) -> bytes:
    """What a user may do to all of his processes and, by a socket that is there already, to sockets outside."""
    column = _ARCHITECTURES[machine][0]
    first, second = _step(_LOAD_WORD, _FIRST_ARGUMENT_AT), _step(_LOAD_WORD, _SECOND_ARGUMENT_AT)
    steps = [
        _when(numbers[column], first, _step(_EQUAL, 0, 1, 0), _refuse(errno.EPERM)) for numbers in _FOR_ITSELF.values()
    ]
    # A process by its number, not a group or a user; and none but the caller.
    itself = (first, _step(_EQUAL, 0, 0, 2), second, _step(_EQUAL, 0, 1, 0), _refuse(errno.EPERM))
    steps.append(_when(_SETPRIORITY[column], *itself))
    # Who cannot be looked into could hide what memory he holds.
    visible = (first, _step(_EQUAL, kernel.PR_SET_DUMPABLE, 0, 3), second, _step(_EQUAL, 1, 1, 0), _refuse(errno.EPERM))
    steps.append(_when(_PRCTL[column], *visible))
    # One end of a pair of datagram sockets can write to any other address.
    kept = (_step(_EQUAL, int(socket.SOCK_STREAM), 2, 0), _step(_EQUAL, int(socket.SOCK_SEQPACKET), 1, 0))
    steps.append(_when(_SOCKETPAIR[column], second, _step(_KEEP_BITS, 0xF), *kept, _refuse(errno.EPROTONOSUPPORT)))
    return b"".join(steps)


def _program(machine: str, *, internet: bool, own_files: bool) -> bytes:
    """The filter's instructions; see `restrict`."""
    column, architecture = _ARCHITECTURES[machine]
    steps = [
        _step(_LOAD_WORD, _ARCHITECTURE_AT),
        _step(_EQUAL, architecture, 1, 0),
        _step(_RETURN, _KILL),
        _step(_LOAD_WORD, _NUMBER_AT),
    ]
    if machine == "x86_64":  # the same calls under a second set of numbers
        steps += [_step(_GREATER_OR_EQUAL, _X32, 0, 1), _refuse(errno.ENOSYS)]
    answers = [(_NOT_PERMITTED, errno.EPERM), (_NOT_IMPLEMENTED, errno.ENOSYS)]
    if not own_files:
        answers.append((_IGNORED, 0))
    steps += [_when(numbers[column], _refuse(error)) for calls, error in answers for numbers in calls.values()]
    steps.append(_within_reach_of_its_user(machine))
    new_namespaces = (_step(_LOAD_WORD, _FIRST_ARGUMENT_AT), _step(_ANY_BIT, _NEW_NAMESPACES, 0, 1))
    steps.append(_when(_CLONE[column], *new_namespaces, _refuse(errno.EPERM)))
    families = [_step(_EQUAL, int(family), 0, 1) + _step(_RETURN, _ALLOW) for family in _INTERNET if internet]
    last = _refuse(errno.EAFNOSUPPORT if internet else errno.ENETUNREACH)
    steps += [
        _step(_EQUAL, _SOCKET[column], 1, 0),
        _step(_RETURN, _ALLOW),
        _step(_LOAD_WORD, _FIRST_ARGUMENT_AT),
        *families,
        last,
    ]
    return b"".join(steps)


_INTERNET = (socket.AF_INET, socket.AF_INET6)


def restrict(*, internet: bool, own_files: bool) -> None:
    """From now on, for this process and all it starts. Needs no_new_privs.

    `internet`: sockets of that family lead nowhere anyway, so they may be made. `own_files`: no file outside has a mode
    or a time that the job could change, so it may change those of its own.
    """
    program = _program(platform.machine(), internet=internet, own_files=own_files)
    buffer = ctypes.create_string_buffer(program, len(program))
    filters = _Program(len(program) // 8, ctypes.cast(buffer, ctypes.c_void_p))
    kernel.prctl(kernel.PR_SET_SECCOMP, _MODE_FILTER, ctypes.addressof(filters))
