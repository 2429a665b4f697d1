"""Attempts to outlive the job: daemons, poison for the next one, traps for whoever cleans up or reads the results."""

from __future__ import annotations

from tests.escapes.probe import Probe, of_category

_BROKEN_OFF = ("timeout", "killed", "out_of_memory")

DAEMONS = of_category(
    "daemons",
    Probe(
        "double-fork",
        "a grandchild in a session of its own, while the job answers as if nothing were",
        """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        time.sleep(60)
    os._exit(0)
os.wait()
""",
    ),
    Probe(
        "deaf-daemon",
        "the same, with every signal ignored and every file closed",
        """
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        for number in range(1, 65):
            look(signal.signal, number, signal.SIG_IGN)
        os.closerange(0, 1000)
        time.sleep(60)
    os._exit(0)
os.wait()
""",
    ),
    Probe(
        "daemon-of-a-dead-job",
        "the job ends before it answers; what it started goes on",
        "if os.fork() == 0:\n  os.setsid()\n  time.sleep(60)\nos._exit(0)",
        status=("killed", "tampered"),
    ),
    Probe(
        "running-away",
        "a daemon that becomes another process all the time",
        """
if os.fork() == 0:
    while True:
        if os.fork(): os._exit(0)
        os.setsid()
time.sleep(0.1)
""",
        needs=("processes",),
        status=("ok", "tampered"),  # where no more processes are to be had, a copy of the job goes on and answers too
    ),
    Probe(
        "stopped",
        "children that are stopped, and do not mind being asked to end",
        """
for _ in range(5):
    if os.fork() == 0:
        os.kill(os.getpid(), signal.SIGSTOP)
        time.sleep(60)
""",
    ),
    Probe(
        "waiting-in-the-kernel",
        "a parent that waits for its vfork()ed child, which sleeps",
        """
import subprocess
subprocess.Popen(["sleep", "60"], start_new_session=True, stdin=subprocess.DEVNULL)
""",
    ),
    Probe(
        "closed-pipe",
        "everything closed, so that it seems to have ended, and on it goes",
        "os.closerange(0, 1000)\ntime.sleep(60)",
        status=("killed", "tampered"),
    ),
)

NEXT_JOB = of_category(
    "the next job",
    Probe(
        "modules-in-memory",
        "changed functions of the standard library and the sandbox, in the process that others might be forked from",
        """
json.dumps = json.loads = lambda *a, **k: {"forged": True}
os.listdir = os.read = os.write = time.monotonic = lambda *a, **k: b""
for name in list(sys.modules):
    if name.startswith("selfheal") or name in ("resource", "signal", "tempfile"):
        vars(sys.modules[name]).clear()
""",
        status=("ok", "killed", "error", "tampered"),
    ),
    Probe(
        "packages-on-disk",
        "start-up files wherever an interpreter might look for them",
        """
import site
places = {os.environ["HOME"], os.environ["TMPDIR"], os.getcwd(), *sys.path}
places |= {site.getusersitepackages(), *site.getsitepackages()}
for place in places:
    for name in ("sitecustomize.py", "usercustomize.py", "probe.pth", "json.py", "conftest.py", "pytest.ini"):
        look(os.makedirs, place, 0o777, True)
        look(lambda: open(f"{place}/{name}", "w").write("import os; os._exit(3)"))
""",
    ),
    Probe(
        "compiled-modules",
        "compiled code beside the sources that the next interpreter loads",
        """
for module in (os, json, sys.modules["selfheal"]):
    cached = module.__cached__ or module.__spec__.cached or ""
    attempt(open, cached, "r+b")
    attempt(os.utime, cached, (0, 0))
    attempt(os.makedirs, os.path.dirname(module.__file__) + "/__pycache__/probe")
""",
    ),
    Probe(
        "shared-objects-of-the-kernel",
        "shared memory, semaphores and message queues, which live on without their makers",
        """
attempt(libc.shmget, 4711, 4096, 0o1666)
attempt(libc.semget, 4711, 1, 0o1666)
attempt(libc.msgget, 4711, 0o1666)
attempt(libc.mq_open, b"/probe", os.O_CREAT | os.O_RDWR, 0o666, None)
attempt(open, "/dev/shm/probe", "w")
attempt(open, "/dev/mqueue/probe", "w")
""",
    ),
    Probe(
        "limits-and-habits",
        "its own limits, priority, mask, time zone and folder made as bad as can be",
        """
for kind in (resource.RLIMIT_NOFILE, resource.RLIMIT_FSIZE, resource.RLIMIT_STACK):
    look(resource.setrlimit, kind, (64, 64))
os.umask(0o777)
os.nice(19)
look(os.sched_setaffinity, 0, [0])
look(os.chdir, "/")
os.environ.clear()
os.environ["TZ"] = "Probe+5"
time.tzset()
sys.path[:] = []
""",
        status=("ok", "killed", "error"),
    ),
    Probe(
        "sockets-left-open",
        "an abstract socket and one with a file, by the names that the sandbox uses",
        """
attempt(lambda: socket.socket(socket.AF_UNIX).bind("\\0sandbox"))
attempt(lambda: socket.socket(socket.AF_UNIX).bind(facts.socket + ".new"))
one, other = socket.socketpair()
look(one.bind, os.getcwd() + "/kept.sock")
attempt(os.unlink, facts.socket)
attempt(os.rename, os.getcwd() + "/kept.sock", facts.socket)
""",
    ),
    Probe(
        "locks",
        "a lock on each file and folder it can open, held by a daemon",
        """
import fcntl
held = []
for path in ("..", "../..", os.path.dirname(facts.socket), os.__file__, sys.executable, json.__file__, sys.prefix):
    look(lambda: held.append(os.open(path, os.O_RDONLY)))
for handle in held:
    look(fcntl.flock, handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    look(fcntl.fcntl, handle, 1024, 0)  # F_SETLEASE
if os.fork() == 0:
    time.sleep(60)
""",
    ),
)

RESULT = of_category(
    "results and traces",
    Probe(
        "links-for-the-cleaner",
        "its folders replaced by links to the witness's folder, which cleaning up would then empty",
        """
import shutil
here = os.path.dirname(os.getcwd())
os.chdir(here)
for name in ("tree", "tmp", "home"):
    shutil.rmtree(f"{here}/{name}")
    os.symlink(near.directory, f"{here}/{name}")
""",
    ),
    Probe(
        "links-within",
        "links to files and folders outside, to itself, and to /proc, all over the tree",
        """
for number in range(50):
    os.symlink(near.directory, f"folder{number}")
    os.symlink(near.secret, f"file{number}")
    os.symlink(f"loop{number}", f"loop{number}")
    os.symlink("/proc/self/root" + near.directory, f"proc{number}")
os.unlink("app.py")
os.symlink(near.secret, "app.py")
""",
    ),
    Probe(
        "closed-folders",
        "folders that nobody may enter or list, one within the other",
        """
os.makedirs("a/b/c/d")
open("a/b/c/d/file", "w").close()
for path in ("a/b/c/d", "a/b/c", "a/b", "a", ".", ".."):
    os.chmod(path, 0)
""",
    ),
    Probe(
        "pipes-for-files",
        "a FIFO in the place of each file, on which a reader would wait for ever",
        """
for name in list(os.listdir(".")) + ["junit.xml", "result.json", "report.json", ".coverage", "core"]:
    look(os.unlink, name)
    look(os.mkfifo, name)
for folder in ("../tmp", "../home"):
    os.mkfifo(folder + "/pipe")
""",
    ),
    Probe(
        "strange-names",
        "names that are too long, not text, or full of marks",
        """
for name in (b"x" * 255, b"\\xff\\xfe", b"\\n\\r\\x1b[2J", b"..." , b"-rf", b"*", "\\u202e".encode(), b" "):
    os.mkdir(name)
    open(name + b"/" + name, "w").close()
for name in (b"a/../../../../" + near.directory.encode() + b"/new", b"../../probe"):
    attempt(open, name, "w")
""",
    ),
    Probe(
        "device-for-the-result",
        "every descriptor it has led to another file",
        """
full, pair = os.open("/dev/full", os.O_WRONLY), socket.socketpair()
for number in range(3, 64):
    if number not in (full, pair[0].fileno(), pair[1].fileno()):
        look(os.dup2, full, number)
""",
        status=("ok", "killed", "error", "tampered"),
    ),
)
