"""A bare repository that people commit to, and git's own `http-backend` behind a login, as small as can be."""

import base64
import subprocess
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


def git(folder, *words: str, **options) -> str:
    options = {"text": True, **options}
    return subprocess.run(["git", "-C", str(folder), *words], check=True, capture_output=True, **options).stdout.strip()


class Origin:
    def __init__(self, path: Path, branch: str = "main") -> None:
        self.path = path
        subprocess.run(["git", "init", "-q", "--bare", "-b", branch, str(path)], check=True)

    def git(self, *words: str) -> str:
        return git(self.path, *words)

    def commit(
        self, branch, files, *, by="Ada", mail="ada@example.org", author=None, message="Change", onto=None
    ) -> str:
        """`files`: path -> text, bytes, (mode, text), or None to delete. `onto`: where to begin, "" for nowhere."""
        ref = f"refs/heads/{branch}"
        start = self.tip(branch) if onto is None else onto
        lines = [f"reset {ref}\nfrom {start}\n" if start else "", f"commit {ref}\n"]
        lines.append(f"author {author}\n" if author else "")
        lines.append(f"committer {by} <{mail}> 1767323045 +0000\ndata {len(message.encode())}\n{message}\n")
        lines.append(f"from {start}\n" if start else "deleteall\n")
        stream = "".join(lines).encode() + b"".join(_entry(path, value) for path, value in files.items())
        git(self.path, "fast-import", "--quiet", "--force", input=stream, text=False)
        return self.tip(branch)

    def tip(self, branch: str) -> str:
        return self.git("for-each-ref", "--format=%(objectname)", f"refs/heads/{branch}")


def _entry(path: str, value) -> bytes:
    if value is None:
        return f"D {path}\n".encode()
    mode, content = value if isinstance(value, tuple) else ("100644", value)
    if mode == "160000":
        return f"M {mode} {content} {path}\n".encode()
    data = content.encode() if isinstance(content, str) else content
    return f"M {mode} inline {path}\ndata {len(data)}\n".encode() + data + b"\n"


class GitServer(ThreadingHTTPServer):
    """`root` holds the repositories; `token` is the password. What it saw of logins is in `seen`."""

    daemon_threads = True

    def __init__(self, root: Path, token: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.socket.settimeout(1)  # a client that is gone before it is let in must not hold the next ones up for ever
        self.root = root
        self.token = token
        self.seen: list[tuple[str, str]] = []  # path, Authorization
        self.redirect_to = ""  # another server's address
        self.redirects_all = False  # else only requests that are let in
        self.answer = ""  # instead of an answer of git
        self.lost = False  # the answer to the next push
        self.arrived = threading.Event()  # a push, which then waits for the gate
        self.gate = threading.Event()
        self.gate.set()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def __enter__(self):
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
        return self

    def __exit__(self, *_) -> None:
        self.gate.set()
        self.shutdown()
        self.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: GitServer

    def do_GET(self) -> None:
        self._serve(b"")

    def do_POST(self) -> None:
        self._serve(self._body())

    def log_message(self, *_) -> None:
        pass

    def _serve(self, body: bytes) -> None:
        server = self.server
        login = self.headers.get("Authorization", "")
        server.seen.append((self.path, login))
        if server.redirect_to and server.redirects_all:
            return self._send(302, [("Location", server.redirect_to + self.path)], b"")
        if base64.b64decode(login.partition(" ")[2]).decode().partition(":")[2] != server.token:
            return self._send(401, [("WWW-Authenticate", 'Basic realm="git"')], b"")
        if server.redirect_to:
            return self._send(302, [("Location", server.redirect_to + self.path)], b"")
        if server.answer:
            text = server.answer.replace("{login}", login)
            return self._send(403, [("Content-Type", "text/plain")], text.encode())
        push = self.command == "POST" and self.path.endswith("git-receive-pack")
        if push:
            server.arrived.set()
            server.gate.wait(20)
        headers, answer = self._backend(body)
        if push and server.lost:
            server.lost = False
            self.close_connection = True
            return None
        status = int(dict(headers).pop("Status", "200").partition(" ")[0])
        return self._send(status, [pair for pair in headers if pair[0] != "Status"], answer)

    def _backend(self, body: bytes) -> tuple[list[tuple[str, str]], bytes]:
        path, _, query = self.path.partition("?")
        environment = {
            "PATH": "/usr/bin:/bin:/usr/local/bin",
            "GIT_PROJECT_ROOT": str(self.server.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "REQUEST_METHOD": self.command,
            "REMOTE_USER": "somebody",
            "REMOTE_ADDR": "127.0.0.1",
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
        }
        done = subprocess.run(["git", "http-backend"], input=body, env=environment, stdout=subprocess.PIPE, check=True)
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        pairs = (line.partition(": ") for line in head.decode().split("\r\n"))
        return [(name, value) for name, _, value in pairs], answer

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        body = b""
        while size := int(self.rfile.readline(), 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return body

    def _send(self, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
