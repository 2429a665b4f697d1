"""Dotted names that a repair of a web service never needs to add, by rule, and what of them a name reaches."""

from __future__ import annotations

import re
from collections.abc import Iterator

from healer.stages.guardrails.rules import words

# Rule, pattern of the dotted name, reason. Of a module named here alone also its import and its use as a value.
_REACH: tuple[tuple[int, str, str], ...] = (
    (
        6,
        (
            r"eval|exec|compile|execfile|__import__|breakpoint|globals|__builtins__|builtins(\..+)?|"
            r"importlib(\..+)?|imp(\..+)?|runpy(\..+)?|code(op)?(\..+)?|pkgutil\.(find_loader|"
            r"get_loader|resolve_name)|zipimport(\..+)?|pydoc\.locate|types\.(FunctionType|CodeType|"
            r"LambdaType)|timeit\..+|logging\.config\.(listen|dictConfig|fileConfig)|numexpr\..+|"
            r"pandas\.eval|sympy\..+|sys\.(modules|meta_path|path_hooks|path)|string\.Formatter"
        ),
        "Code or modules can be made from text.",
    ),
    (
        7,
        (
            r"subprocess(\..+)?|os\.(system|popen|exec\w+|spawn\w+|posix_spawn\w*|fork\w*|startfile)|"
            r"pty(\..+)?|commands(\..+)?|popen2(\..+)?|_posixsubprocess(\..+)?|platform\.popen|"
            r"pexpect(\..+)?|plumbum(\..+)?|invoke(\..+)?|fabric(\..+)?|sh\..+|multiprocessing(\..+)?|"
            r"concurrent\.futures\.ProcessPoolExecutor|(asyncio|anyio|trio)(\.subprocess(\..+)?|"
            r"\.create_subprocess\w+|\.run_process|\.open_process)|.+\.(subprocess_exec|"
            r"subprocess_shell)"
        ),
        "Another process can be started.",
    ),
    (
        8,
        (
            r"(socket|_socket|ssl|socketserver|requests|httpx|httpx2|httplib2|urllib2|urllib3|"
            r"urllib\.request|http\.client|http\.server|xmlrpc|aiohttp|ftplib|smtplib|aiosmtplib|"
            r"imaplib|poplib|nntplib|telnetlib|websockets?|paramiko|asyncssh|pycurl|grpc|boto3|"
            r"botocore|pika|zmq|webbrowser|dns|tftpy|scapy|sendgrid|twilio|slack_sdk|telegram)(\..+)?|"
            r"urllib\.(urlopen|urlretrieve)|asyncio\.(open_connection|start_server|"
            r"open_unix_connection)|anyio\.connect_\w+|multiprocessing\.connection\..+|"
            r"logging\.handlers\.(HTTP|Socket|SMTP|SysLog|Datagram)Handler|.+\.(create_connection|"
            r"create_datagram_endpoint|sock_connect)"
        ),
        "Something outside can be reached.",
    ),
    (
        9,
        (
            r"(pickle|_pickle|cPickle|marshal|shelve|dill|cloudpickle|joblib|jsonpickle|"
            r"copyreg)(\..+)?|yaml\.(load|load_all|unsafe_load\w*|full_load\w*|Loader|UnsafeLoader|"
            r"FullLoader|CLoader|Unsafe\w*)|(pandas|pd)\.read_pickle|torch\.load|"
            r"shutil\.unpack_archive|(tarfile|zipfile)\..+\.(extract|extractall)"
        ),
        "Data is read in a way that can run code or write anywhere.",
    ),
    (
        10,
        r"(ctypes|_ctypes|cffi|cppyy|mmap)(\..+)?|numpy\.ctypeslib(\..+)?|sys\.setdlopenflags",
        "Native code can be called.",
    ),
    (
        29,
        (
            r"(time|asyncio|gevent|eventlet|trio|anyio|curio)\.(sleep|sleep_forever|sleep_until)|"
            r"threading\.(Timer|Thread)(\(\).*)?|threading\.(Event|Condition)\(\)\.wait|sched(\..+)?|.+\.(call_later|call_at)|(tenacity|backoff|retry|retrying|stamina)(\..+)?|"
            r"signal\.(pause|sigwait)"
        ),
        "Waiting or trying again repairs nothing.",
    ),
    (
        30,
        (
            r"(unittest\.mock|mock|gc|pytest|_pytest|doctest|unittest|bdb|pdb|coverage|pluggy)(\..+)?|"
            r"inspect\.(stack|currentframe|trace|getouterframes|getframeinfo|getsource\w*)|"
            r"sys\.(settrace|setprofile|setrecursionlimit|_getframe|_current_frames|excepthook|"
            r"displayhook|addaudithook|setswitchinterval|monitoring(\..+)?)|threading\.(settrace|"
            r"setprofile|excepthook|stack_size)|setattr|delattr|object\.__setattr__|type\.__setattr__|"
            r"types\.(ModuleType|MethodType)|locale\.setlocale|socket\.setdefaulttimeout|"
            r"tracemalloc(\..+)?|resource(\..+)?|.+\.(set_exception_handler|dependency_overrides)"
        ),
        "Builtins, objects or the test run are changed or looked at from outside.",
    ),
    (
        31,
        (
            r"os\.(_exit|abort|kill|killpg)|sys\.exit|atexit(\..+)?|signal(\..+)?|exit|quit|"
            r"faulthandler(\..+)?|_thread\.interrupt_main|SystemExit|KeyboardInterrupt|GeneratorExit|"
            r"threading\._shutdown"
        ),
        "The process is ended, or its end is caught.",
    ),
    (
        33,
        r"(zlib|bz2|lzma|gzip|snappy|brotli)(\..+)?|codecs\.(decode|getdecoder|encode)|binascii\.(a2b_\w+|unhexlify)",
        "A packed payload can be unpacked.",
    ),
    (
        34,
        (
            r"shutil\.(rmtree|move)|os\.(remove|unlink|rmdir|removedirs|renames|truncate)|.+\.(drop_all|flushall|flushdb|"
            r"drop_database|drop_collection|delete_many)"
        ),
        "Data can be lost for good.",
    ),
    (
        25,
        (
            r"ssl\.(_create_unverified_context|CERT_NONE|_create_default_https_context|"
            r"PROTOCOL_(SSL\w*|TLSv1(_1)?))|(urllib3|requests\.packages\.urllib3)\.disable_warnings|"
            r"(random)\.(getrandbits|randbytes)|crypt(\..+)?|Crypto\.(Cipher\.(ARC\w*|DES\w*|"
            r"Blowfish)|Hash\.(MD\w+|SHA1?))(\..+)?|paramiko\.(AutoAddPolicy|WarningPolicy)"
        ),
        "Encryption or its checks are weakened.",
    ),
    (
        27,
        r"cgitb(\..+)?|werkzeug\.debug(\..+)?|.+\.(ServerErrorMiddleware|DebuggedApplication|DebugToolbarExtension)",
        "Internals are shown to users.",
    ),
    (
        40,
        (
            r"(markupsafe|flask|jinja2)\.Markup|.+\.(mark_safe|SafeString)|"
            r"(flask\.)?render_template_string|jinja2\.Template"
        ),
        "Markup is trusted as it comes.",
    ),
    (
        2,
        (
            r"warnings\.(filterwarnings|simplefilter|catch_warnings)|logging\.(disable|"
            r"raiseExceptions)|(contextlib\.)?suppress"
        ),
        "Warnings, logs or exceptions are dropped.",
    ),
)
PATTERNS = [(number, re.compile(pattern), reason) for number, pattern, reason in _REACH]
EXCEPTION = re.compile(r"\.[A-Z]\w*(Error|Exception|Expired|Timeout|Disconnect)$")
_MAKERS = words(
    "socket create_connection session client open_connection getattr __import__ import_module"
)  # of what reaches out


def broken_by(name: str) -> Iterator[tuple[int, str]]:
    """Also for what hangs from a name: `os.system.__call__`. What a call answered is no way out of its own."""
    if EXCEPTION.search(name) or name.count("()") > 1:
        return
    made = name.partition("()")[0].rpartition(".")[2]
    if "()" in name and made[:1].islower() and made not in _MAKERS:
        return
    ends = [name, *(name[: dot.start()] for dot in re.finditer(r"\.", name) if dot.start())]
    yield from ((number, reason) for number, pattern, reason in PATTERNS if any(map(pattern.fullmatch, ends)))
