"""Attempts to read, change or watch files that are not the job's."""

from __future__ import annotations

from tests.escapes.probe import Probe, of_category

FILES = of_category(
    "files outside",
    Probe(
        "read",
        "passwords, homes, the healer's database, anybody's file",
        """
for path in (near.secret, near.database, "/etc/shadow", "/etc/gshadow", "/etc/sudoers", "/root/.bashrc", "/proc/kcore",
             "/var/lib/healer/operator-token", "/var/lib/healer/healer.db", "/proc/1/environ", "/etc/ssh/sshd_config"):
    attempt(read, path)
for path in ("/root", "/home", "/var", "/run", "/tmp", "/", near.directory, "/var/lib/healer", "/proc", "/sys"):
    attempt(os.listdir, path)
""",
    ),
    Probe(
        "read-by-a-way-round",
        "the same by symbolic links, /proc/self and handles",
        """
os.symlink(near.secret, "link")
os.symlink(near.directory, "folder")
up = "../" * 40
for path in ("link", "folder/secret", "/proc/self/root" + near.secret, "/proc/self/cwd/" + up + near.secret,
             f"/proc/self/task/{os.readlink('/proc/self')}/root{near.secret}", "/dev/fd/../root" + near.secret):
    attempt(read, path)
handle = os.open(near.secret, os.O_PATH)
attempt(read, f"/proc/self/fd/{handle}")
room = ctypes.create_string_buffer(200)
attempt(libc.syscall, 303, -100, near.secret.encode(), room, ctypes.byref(ctypes.c_int()), 0)  # name_to_handle_at
""",
    ),
    Probe(
        "write",
        "changing, emptying, replacing and removing a file that anybody may write",
        """
for mode in ("a", "w", "r+", "x"):
    attempt(open, near.secret, mode)
attempt(os.truncate, near.secret, 0)
attempt(os.unlink, near.secret)
attempt(os.rename, near.secret, near.secret + "2")
open("mine", "w").close()
attempt(os.rename, "mine", near.secret)
attempt(os.mkdir, near.directory + "/new")
attempt(os.symlink, "x", near.directory + "/new-link")
attempt(os.mkfifo, near.directory + "/new-fifo")
attempt(os.unlink, near.directory + "/stream")
""",
    ),
    Probe(
        "attributes",
        "mode, owner, times and attributes of a file and of the folders around it; it opens none of them",
        """
for path in (near.secret, near.directory, os.path.dirname(near.directory), facts.socket, os.path.dirname(os.getcwd())):
    look(os.chmod, path, 0)
    look(os.utime, path, (1, 1))
    look(os.setxattr, path, "user.probe", b"1")
    look(os.chown, path, os.getuid(), os.getgid())
for number in (90, 92, 94, 132, 235):  # chmod, chown, lchown, utime, utimes
    libc.syscall(number, near.secret.encode(), 0, 0)
libc.syscall(268, -100, near.secret.encode(), 0)  # fchmodat
libc.syscall(452, -100, near.secret.encode(), 0, 0)  # fchmodat2
handle = os.open(near.secret, os.O_PATH)
look(os.chmod, f"/proc/self/fd/{handle}", 0)
look(os.setxattr, f"/proc/self/fd/{handle}", "user.probe", b"1")
libc.syscall(452, handle, b"", 0, 0x1000)
""",
    ),
    Probe(
        "hard-links",
        "a second name for a file outside, or a name outside for an own file",
        """
open("mine", "w").close()
attempt(os.link, near.secret, "taken")
attempt(os.link, "mine", near.directory + "/given")
attempt(os.rename, near.secret, "moved")
handle = os.open(near.secret, os.O_PATH)
attempt(libc.linkat, handle, b"", -100, b"by-handle", 0x1000)
look(read, "taken")
""",
    ),
    Probe(
        "another-job",
        "the folder of a job that runs at the same time",
        """
for folder in facts.others["folders"]:
    if not os.getcwd().startswith(folder + "/"):
        attempt(os.listdir, folder)
        attempt(os.listdir, folder + "/tree")
        attempt(read, folder + "/tree/kept.txt")
        attempt(open, folder + "/tree/kept.txt", "w")
        attempt(open, folder + "/tree/app.py", "a")
        look(os.chmod, folder, 0)
        look(os.chmod, folder + "/tree", 0)
attempt(os.listdir, "../..")
for number in range(1, 50):
    name = int(os.path.basename(os.path.dirname(os.getcwd()))) - number
    attempt(read, f"../../{name}/tree/kept.txt")
""",
        sibling=True,
    ),
    Probe(
        "temporary-folders",
        "a file in what all users share",
        """
for folder in ("/tmp", "/var/tmp", "/dev/shm", "/run", "/run/sandbox", "/run/lock", "/dev/mqueue", "/var/lib", "../..",
               os.path.dirname(near.directory), os.path.dirname(facts.socket), near.directory):
    if os.path.realpath(folder) != os.path.dirname(os.getcwd()):
        attempt(open, folder + "/probe", "w")
        attempt(os.mkdir, folder + "/probe-folder")
""",
    ),
    Probe(
        "installed-packages",
        "the interpreter, its packages and the modules this job was forked with, on disk",
        """
import site
for folder in {*map(os.path.dirname, (os.__file__, json.__file__, sys.executable)), *site.getsitepackages()}:
    attempt(open, folder + "/probe.pth", "w")
    attempt(os.mkdir, folder + "/__pycache__/probe")
for path in {os.__file__, json.__file__, sys.executable, sys.modules["selfheal"].__file__}:
    attempt(open, path, "r+b")
    attempt(os.rename, path, path + ".probe")
""",
    ),
    Probe(
        "kernel-settings",
        "writing to /proc/sys, cgroups and the like; it opens them and writes nothing",
        """
for path in ("/proc/sys/kernel/core_pattern", "/proc/sys/vm/drop_caches", "/proc/sysrq-trigger",
             "/proc/self/oom_score_adj", "/proc/sys/net/ipv4/ip_forward", "/sys/fs/cgroup/cgroup.procs",
             "/sys/kernel/uevent_helper",
             f"/proc/{near.pid}/oom_score_adj", "/proc/self/uid_map", "/proc/self/attr/current"):
    attempt(os.open, path, os.O_WRONLY)
""",
    ),
    Probe(
        "devices",
        "disks, memory, terminals, file systems in user space, and new device nodes",
        """
import stat
for path in ("/dev/sda", "/dev/vda", "/dev/nvme0n1", "/dev/mem", "/dev/kmsg", "/dev/ptmx", "/dev/fuse", "/dev/kvm",
             "/dev/net/tun", "/dev/loop-control", "/dev/console", "/dev/tty1"):
    attempt(os.open, path, os.O_RDWR)
for number in ((1, 1), (8, 0), (254, 0)):
    attempt(os.mknod, f"node-{number[0]}", 0o666 | stat.S_IFBLK, os.makedev(*number))
    attempt(os.mknod, f"char-{number[0]}", 0o666 | stat.S_IFCHR, os.makedev(*number))
""",
    ),
    Probe(
        "watching",
        "what happens in folders of others, by inotify and fanotify",
        """
import struct
handle = libc.inotify_init1(0o4000)
for folder in (near.directory, os.path.dirname(near.directory), "/tmp", os.path.dirname(facts.socket)):
    attempt(libc.inotify_add_watch, handle, folder.encode(), 0xFFF)
attempt(libc.fanotify_init, 0, 0)
""",
    ),
)
