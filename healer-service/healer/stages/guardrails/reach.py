"""Rules about what code may reach: calls, names and imports that a repair of a web service never needs to add.

Any mention counts, not only a call, so another name, a default or a decorator hides nothing. What was there may stay.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator

from healer.model import Finding
from healer.stages.guardrails.policy import Policy, own_names
from healer.stages.guardrails.rules import finding, words
from healer.stages.guardrails.trees import Side, Trees

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
_PATTERNS = [(number, re.compile(pattern), reason) for number, pattern, reason in _REACH]
_MODULES = (
    "os sys builtins importlib subprocess shutil socket pickle marshal ctypes code types runpy signal atexit gc inspect"
)
_VALUES = frozenset(_MODULES.split())  # modules that are used by their names' parts only, never handed around
_SAFE_LOADERS = frozenset({"yaml.SafeLoader", "yaml.CSafeLoader"})
_CLIENT_METHODS = words("get post put patch delete head options request send open urlopen fetch stream connect")
_URL = re.compile(r"\b(https?|ftp|wss?|ldaps?|gopher|smtp|tcp|udp)://", re.IGNORECASE)
_EXCEPTION = re.compile(r"\.[A-Z]\w*(Error|Exception|Expired|Timeout|Disconnect)$")
_MAKERS = words(
    "socket create_connection session client open_connection getattr __import__ import_module"
)  # of what reaches out
_QUIET = frozenset({"timeout", "headers"})


def about_reach(trees: Trees, policy: Policy) -> Iterator[Finding]:
    seen: set[tuple[int, int]] = set()
    for found in (*_mentions(trees, policy), *_imports(trees, policy), *_addresses(trees, policy)):
        if (found.number, found.line) not in seen:
            seen.add((found.number, found.line))
            yield found


def _mentions(trees: Trees, policy: Policy) -> Iterator[Finding]:
    kept = {id(node) for node in _reworded(trees)}
    for node in trees.added(ast.Name, ast.Attribute, ast.Call):
        if id(node) in kept or _is_inner(trees.after, node):
            continue
        expression = node.func if isinstance(node, ast.Call) else node
        if isinstance(node, ast.Call) and _loads_safely(trees.after, node):
            continue
        for name in sorted(trees.after.names.meanings(expression)):
            if policy.allows_call(name) or _is_own(trees.after, expression, name):
                continue
            for number, reason in _broken(name):
                if not (trees.is_test and number in (8, 29, 30)):
                    yield finding(number, node, f"{reason} ({ast.unparse(expression)[:60]})")
            if name in _VALUES and not isinstance(node, ast.Call):
                yield finding(6, node, f"The module {name} is handed on as a value.")


def _broken(name: str) -> Iterator[tuple[int, str]]:
    """Also for what hangs from a name: `os.system.__call__`. What a call answered is no way out of its own."""
    if _EXCEPTION.search(name) or name.count("()") > 1:
        return
    made = name.partition("()")[0].rpartition(".")[2]
    if "()" in name and made[:1].islower() and made not in _MAKERS:
        return
    ends = [name, *(name[: dot.start()] for dot in re.finditer(r"\.", name) if dot.start())]
    yield from ((number, reason) for number, pattern, reason in _PATTERNS if any(map(pattern.fullmatch, ends)))


def _is_inner(side: Side, node: ast.AST) -> bool:
    """Part of a longer dotted name, or the name in a call: the whole is looked at instead."""
    parent = side.parents.get(node)
    if isinstance(node, (ast.Name, ast.Attribute)) and isinstance(node.ctx, ast.Store):
        return True
    if isinstance(node, ast.Call):
        return False
    return isinstance(parent, ast.Attribute) or (isinstance(parent, ast.Call) and parent.func is node)


def _is_own(side: Side, expression: ast.expr, name: str) -> bool:
    """A builtin's name that the module gives to a function of its own."""
    return isinstance(expression, ast.Name) and name == expression.id and name in side.functions


def _loads_safely(side: Side, node: ast.Call) -> bool:
    loaders = [*node.args[1:2], *(k.value for k in node.keywords if k.arg == "Loader")]
    return any(side.names.meanings(loader) & _SAFE_LOADERS for loader in loaders)


def _reworded(trees: Trees) -> Iterator[ast.AST]:
    """Calls that were there and now pass the same names and texts in other words, as `.get` in place of brackets."""
    old = [(trees.before.names.meanings(n.func), _words(n)) for n in trees.removed(ast.Call)]
    for node in trees.added(ast.Call):
        meanings, words = trees.after.names.meanings(node.func), _words(node)
        match = next((pair for pair in old if pair[0] == meanings and words <= pair[1] | _QUIET), None)
        if match is not None:
            old.remove(match)
            yield node
            yield from (n for n in ast.walk(node.func) if n is not node)


def _words(node: ast.Call) -> frozenset[str]:
    """Names and texts that a call is made of; a header or a bound that is written out tells nothing."""
    quiet = [
        k for k in node.keywords if k.arg in _QUIET and not any(isinstance(n, ast.Name) for n in ast.walk(k.value))
    ]
    parts = [node.func, *node.args, *(keyword for keyword in node.keywords if keyword not in quiet)]
    inside = [n for part in parts for n in ast.walk(part)]
    names = {n.id for n in inside if isinstance(n, ast.Name)}
    texts = {n.value for n in inside if isinstance(n, ast.Constant) and isinstance(n.value, str)}
    return frozenset(names | texts | {k.arg or "**" for k in node.keywords})


def _imports(trees: Trees, policy: Policy) -> Iterator[Finding]:
    before = {name for name, _ in _imported(trees.before)}
    for name, node in _imported(trees.after):
        if name in before or policy.allows_call(name):
            continue
        shown = name.removesuffix(".*")
        if name.endswith(".*"):
            yield finding(11, node, f"A star import does not show what it brings ({shown}).")
            for number, pattern, reason in _PATTERNS:
                if any(
                    pattern.fullmatch(f"{shown}.{part}") for part in ("system", "rmtree", "load", "exit", "sleep", "x")
                ):
                    yield finding(number, node, f"{reason} (import {shown})")
        parts = name.split(".")
        reached = {found for end in range(1, len(parts) + 1) for found in _broken(".".join(parts[:end]))}
        for number, reason in () if _EXCEPTION.search(name) else reached:
            if not (trees.is_test and number in (8, 30)):
                yield finding(number, node, f"{reason} (import {shown})")
        if not _is_known(parts[0], trees, policy):
            yield finding(11, node, f"{parts[0]} is neither the standard library nor a declared dependency.")


def _is_known(top: str, trees: Trees, policy: Policy) -> bool:
    if not top or top in sys.stdlib_module_names or policy.knows_module(top):
        return True
    if top in own_names(trees.change.file) or (trees.is_test and top == "pytest"):
        return True
    return any(name.partition(".")[0] == top for name, _ in _imported(trees.before))


def _imported(side: Side) -> list[tuple[str, ast.AST]]:
    """Dotted names with their statements; a relative one begins with a dot."""
    found: list[tuple[str, ast.AST]] = []
    for node in side.every:
        if isinstance(node, ast.Import):
            found += [(alias.name, node) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(f"{'.' * node.level}{node.module or ''}.{alias.name}", node) for alias in node.names]
    return found


def _addresses(trees: Trees, policy: Policy) -> Iterator[Finding]:
    """A method of some client with an address written into the call."""
    for node in trees.added(ast.Call):
        if isinstance(node.func, ast.Attribute) and node.func.attr in _CLIENT_METHODS and not trees.is_test:
            if policy.allows_call(ast.unparse(node.func)):
                continue
            texts = [trees.after.names.template(part) or "" for part in [*node.args, *(k.value for k in node.keywords)]]
            if any(_URL.search(text) for text in texts):
                yield finding(8, node, "Something outside can be reached.")
