"""Attempts to reach anything but the job itself over a socket."""

from __future__ import annotations

from tests.escapes.probe import Probe, of_category

_CONNECT = """
for witness in facts.witnesses:
    for name in {names}:
        if name in witness.sockets:
            family = socket.AF_INET6 if name.endswith("6") else socket.AF_INET
            def reach():
                with socket.socket(family, {kind}) as one:
                    one.settimeout(0.3)
                    {how}
            {call}(reach)
"""

NETWORK = of_category(
    "network",
    Probe(
        "tcp",
        "a connection to each listening witness, by IPv4 and IPv6",
        _CONNECT.format(
            names=("tcp", "tcp6"),
            kind="socket.SOCK_STREAM",
            how="one.connect(tuple(witness.sockets[name]))",
            call="attempt",
        ),
    ),
    Probe(
        "udp",
        "a datagram to each witness, by IPv4 and IPv6; that sending it raises nothing says little",
        _CONNECT.format(
            names=("udp", "udp6"),
            kind="socket.SOCK_DGRAM",
            how='one.sendto(b"probe", tuple(witness.sockets[name]))',
            call="look",
        ),
    ),
    Probe(
        "tcp-fast-open",
        "data in the first packet of a connection, which asks no connect()",
        _CONNECT.format(
            names=("tcp", "tcp6"),
            kind="socket.SOCK_STREAM",
            how='one.sendto(b"probe", 0x20000000, tuple(witness.sockets[name]))',
            call="attempt",
        ),
    ),
    Probe(
        "dns",
        "names of the world by the system's resolver, and a question to each witness",
        """
import struct
attempt(socket.getaddrinfo, "example.com", 80)
attempt(socket.gethostbyname, "host.docker.internal")
question = struct.pack("!6H", 1, 256, 1, 0, 0, 0) + b"\\7example\\3com\\0" + struct.pack("!2H", 1, 1)
for witness in facts.witnesses:
    if "udp" in witness.sockets:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
            look(one.sendto, question, tuple(witness.sockets["udp"]))
""",
    ),
    Probe(
        "unix-sockets",
        "a connection to the witness, to the sandbox itself and to Docker by their paths",
        """
for path in (near.directory + "/stream", facts.socket, "/var/run/docker.sock", "/run/docker.sock"):
    attempt(lambda: socket.socket(socket.AF_UNIX).connect(path))
""",
    ),
    Probe(
        "unix-datagram-by-pair",
        "one end of a socket pair writes to another address than its peer",
        """
for kind in (socket.SOCK_DGRAM, socket.SOCK_RAW):
    for path in (near.directory + "/datagram", "/run/systemd/journal/socket", "/dev/log"):
        attempt(lambda: socket.socketpair(socket.AF_UNIX, kind)[0].sendto(b"probe", path))
        attempt(lambda: socket.socketpair(socket.AF_UNIX, kind)[0].connect(path))
""",
    ),
    Probe(
        "unix-stream-by-pair",
        "one end of a connected pair connects or listens once more",
        """
one, other = socket.socketpair()
attempt(one.connect, near.directory + "/stream")
attempt(one.listen)
attempt(one.sendto, b"probe", near.directory + "/stream")
""",
    ),
    Probe(
        "abstract-sockets",
        "Unix sockets that have no file",
        """
for name in ("stream", "datagram"):
    address = f"\\0{near.directory}/{name}"
    kind = socket.SOCK_STREAM if name == "stream" else socket.SOCK_DGRAM
    attempt(lambda: socket.socket(socket.AF_UNIX, kind).connect(address))
    attempt(lambda: socket.socketpair(socket.AF_UNIX, kind)[0].connect(address))
    attempt(lambda: socket.socketpair(socket.AF_UNIX, kind)[0].sendto(b"probe", address))
""",
    ),
    Probe(
        "other-families",
        "netlink, raw packets, the kernel's ciphers, virtual machines, Bluetooth, and whatever else has a number",
        """
for family in range(46):
    for kind in (1, 2, 3, 5):
        if (family, kind) not in ((socket.AF_INET, 1), (socket.AF_INET, 2), (socket.AF_INET6, 1), (socket.AF_INET6, 2)):
            attempt(lambda: socket.socket(family, kind).fileno())
""",
    ),
    Probe(
        "other-interfaces",
        "an address, an interface or a name server of the machine",
        """
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as one:
    for target in ("192.0.2.1", "10.0.0.1", "172.17.0.1", "169.254.169.254"):
        attempt(one.connect, (target, 53))
assert [name for _, name in socket.if_nameindex()] in (["lo"], []) or breach("interfaces")
""",
    ),
)
