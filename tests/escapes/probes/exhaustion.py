"""Attempts to use up what the machine has: processes, memory, disk."""

from __future__ import annotations

from tests.escapes.probe import Probe, of_category

_BROKEN_OFF = ("timeout", "killed", "out_of_memory")
_PROCESSES = {"processes": 40}  # 24 of the job, and the wardens with their first processes
_MEMORY = {"memory_mb": 250}

FORKS = of_category(
    "processes without end",
    Probe(
        "many-processes",
        "as many waiting children as it gets; the other bombs are tried only after this one was counted",
        """
children = []
try:
    while len(children) < 150:
        pid = os.fork()
        if pid == 0:
            signal.pause()
            os._exit(0)
        children.append(pid)
except OSError:
    pass
time.sleep(0.1)
if not 0 < len(children) < 40:  # 24, and what other processes of the same user have ended meanwhile
    breach(f"{len(children)} processes")
""",
        needs=("processes",),
        peak=_PROCESSES,
    ),
    Probe(
        "fork-bomb",
        "every process starts more of its kind",
        "while True:\n  try: os.fork()\n  except OSError: pass",
        needs=("processes",),
        limits={"seconds": 0.5},
        status=_BROKEN_OFF,
        peak=_PROCESSES,
    ),
    Probe(
        "daemon-bomb",
        "each process leaves a child in a new session and ends, so that it is never where one looks",
        "while True:\n  try:\n    if os.fork(): os._exit(0)\n    os.setsid()\n  except OSError: pass",
        needs=("processes",),
        limits={"seconds": 0.5},
        status=_BROKEN_OFF,
        peak=_PROCESSES,
    ),
    Probe(
        "thread-bomb",
        "as many threads as it gets",
        """
threads = 0
try:
    while threads < 150:
        threading.Thread(target=time.sleep, args=(30,), daemon=True).start()
        threads += 1
except RuntimeError:
    pass
if not 0 < threads < 40:
    breach(f"{threads} threads")
""",
        needs=("processes",),
    ),
    Probe(
        "program-bomb",
        "a shell that starts itself twice",
        """
open("bomb.sh", "w").write('sh bomb.sh & sh bomb.sh & wait')
os.system("sh bomb.sh 2>/dev/null")
""",
        needs=("processes",),
        limits={"seconds": 0.5},
        status=("ok", *_BROKEN_OFF),
        peak=_PROCESSES,
    ),
)

MEMORY = of_category(
    "memory",
    Probe(
        "one-large-piece",
        "more than it may have at once",
        "attempt(lambda: len(bytearray(500_000_000)))",
        peak=_MEMORY,
    ),
    Probe(
        "many-small-pieces",
        "a list that grows until there is no more",
        "kept = []\nwhile True: kept.append(bytes(100_000))",
        status=("ok", *_BROKEN_OFF),
        peak=_MEMORY,
    ),
    Probe(
        "many-processes-together",
        "each stays below the limit, all of them do not",
        "for _ in range(8):\n  if os.fork() == 0: held = b'x' * 60_000_000; time.sleep(9)\ntime.sleep(9)",
        needs=("processes",),
        status=("out_of_memory",),
        peak={"memory_mb": 400},
    ),
    Probe(
        "shared-memory",
        "pages that belong to several processes",
        """
import mmap
for _ in range(8):
    if os.fork() == 0:
        held = mmap.mmap(-1, 60_000_000)
        held.write(b"x" * 60_000_000)
        time.sleep(9)
time.sleep(9)
""",
        needs=("processes",),
        status=("out_of_memory",),
        peak={"shared_mb": 400},
    ),
    Probe(
        "hidden-shared-memory",
        "shared pages that no process has in its tables any more, so that none seems to hold them",
        """
import mmap
for _ in range(12):
    if os.fork() == 0:
        held = mmap.mmap(-1, 100 << 20)
        for at in range(0, 100 << 20, 4 << 20):
            held[at : at + (4 << 20)] = b"x" * (4 << 20)
            held.madvise(mmap.MADV_DONTNEED)
        time.sleep(9)
time.sleep(9)
""",
        needs=("processes",),
        status=("out_of_memory",),
        peak={"shared_mb": 400},
    ),
    Probe(
        "hidden-by-an-unreadable-program",
        "the same by a program that nobody may read, which the kernel lets nobody look into either",
        """
import shutil, subprocess
shutil.copyfile(os.path.realpath(sys.executable), "program")
os.chmod("program", 0o111)
code = "import mmap, time; held = mmap.mmap(-1, 100 << 20); "
code += "[(held.write(bytes(4 << 20)), held.madvise(mmap.MADV_DONTNEED)) for _ in range(25)]; time.sleep(9)"
running = [subprocess.Popen(["./program", "-c", code], env={"PYTHONHOME": sys.base_prefix}) for _ in range(4)]
time.sleep(9)
""",
        needs=("processes",),
        limits={"file_mb": 16},
        status=("ok", "out_of_memory"),  # ok: it could not be started
        peak={"shared_mb": 300},
    ),
    Probe(
        "files-in-memory",
        "memory behind a descriptor, which no table of pages shows",
        """
attempt(libc.syscall, 319, b"probe", 0)  # memfd_create
attempt(libc.syscall, 447, 0)  # memfd_secret
attempt(open, "/dev/shm/probe", "w")
attempt(libc.mlockall, 3)
""",
        peak=_MEMORY,
    ),
)

DISK = of_category(
    "disk",
    Probe(
        "one-large-file",
        "more than one file may hold",
        """
with open("big", "wb", 0) as file:
    try:
        for _ in range(100): file.write(b"x" * 1_000_000)
    except OSError: pass
if os.path.getsize("big") > 5_000_000: breach("the file grew")
""",
        peak={"disk_mb": 200},
    ),
    Probe(
        "many-large-files",
        "none of them too large",
        """
for number in range(400):
    try:
        open(f"f{number}", "wb").write(b"x" * 1_000_000)
    except OSError:
        break
time.sleep(0.6)
""",
        status=("ok", *_BROKEN_OFF),
        peak={"disk_mb": 450, "shared_mb": 200},
    ),
    Probe(
        "sparse-file",
        "a file of a terabyte that takes no room yet, and room reserved ahead",
        """
with open("sparse", "wb") as file:
    attempt(file.truncate, 1 << 40)
    attempt(os.posix_fallocate, file.fileno(), 0, 1 << 30)
    attempt(lambda: os.pwrite(file.fileno(), b"x", 1 << 40))
""",
        peak={"disk_mb": 200},
    ),
    Probe(
        "many-files",
        "so many that the file system has no numbers left",
        """
made = 0
try:
    while made < 60_000:
        os.close(os.open(f"n{made}", os.O_CREAT | os.O_WRONLY))
        made += 1
except OSError:
    pass
if made > 45_000:
    breach(f"{made} files")
""",
        status=("ok", *_BROKEN_OFF),
    ),
    Probe(
        "unlinked-files",
        "files that have no name any more, which no walk through its folder finds",
        """
kept = []
try:
    for number in range(300):
        kept.append(open("gone", "wb", 0))
        os.unlink("gone")
        for _ in range(3):
            kept[-1].write(b"x" * 1_000_000)
except OSError:
    pass
time.sleep(0.3)
""",
        status=("ok", *_BROKEN_OFF),
        peak={"disk_mb": 200, "shared_mb": 200},
    ),
    Probe(
        "deep-folders",
        "folders within folders, deeper than any path is long, with files at the bottom",
        """
for number in range(1100):
    os.mkdir("folder")
    os.chdir("folder")
open("bottom", "w").write("x")
""",
        status=("ok", *_BROKEN_OFF),
    ),
)
