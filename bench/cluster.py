"""Three nodes of a MariaDB Galera cluster on loopback behind HAProxy, as deploy/galera says; each can be killed."""

import getpass
import os
import re
import shutil
import socketserver
import subprocess
import threading
import time
from pathlib import Path

import pymysql

from bench.machines import MariaDB
from bench.serving import ROOT, free_port

DEPLOY = ROOT / "deploy" / "galera"
PROVIDER = Path("/usr/lib/galera/libgalera_smm.so")
_PACKAGES = {"mariadbd": "mariadb-server", "mariadb": "mariadb-client", "haproxy": "haproxy", "rsync": "rsync"}
_TOGETHER = 60.0
_RECOVERED = re.compile(r"Recovered position:? *(\S+:-?\d+)")


def missing_packages() -> list[str]:
    """Debian's packages that a cluster needs and that are not here."""
    missing = [package for program, package in _PACKAGES.items() if not shutil.which(program)]
    return missing if PROVIDER.exists() else [*missing, "galera-4"]


class Node(MariaDB):
    """One node, with the agent that tells HAProxy whether it may be written to."""

    # rsync as root would receive the data of another node as nobody, who may not write them.
    user = "mysql" if os.getuid() == 0 else getpass.getuser()

    def __init__(self, folder: Path, name: str) -> None:
        self.name, self.options, self.members = name, list[str](), ""
        self.group, self._increments, self._state = free_port(), free_port(), free_port()
        super().__init__(folder)
        self.agent = _serve_check(f"{folder}/socket")

    def prepare(self) -> None:
        """Make its folder."""
        shutil.chown(self.folder, self.user)
        super().prepare()

    def command(self) -> list[str]:
        """How it is started: what galera.cnf says, with ports of its own."""
        return [*super().command(), *_settings(), f"--wsrep_cluster_address={self.members}",
                f"--wsrep_node_name={self.name}", f"--wsrep_node_address=127.0.0.1:{self.group}",
                f"--wsrep_sst_receive_address=127.0.0.1:{self._state}", *self.options]  # fmt: skip

    def join(self, members: list["Node"], *, first: bool = False) -> None:
        """Start it as the first of a cluster, or bring it into one that runs; returns once it is in step."""
        self.members = "gcomm://" + ",".join(f"127.0.0.1:{one.group}" for one in members)
        own = f"gmcast.listen_addr=tcp://127.0.0.1:{self.group};base_port={self.group}"
        own += f";ist.recv_addr=127.0.0.1:{self._increments}"
        self.options = [f"--wsrep_provider_options={_provider_options()};{own}"]
        self.options += ["--wsrep-new-cluster"] if first else self._position()
        self.start()
        until = time.monotonic() + _TOGETHER
        while self.state() != "4,ON":
            if time.monotonic() > until:
                raise TimeoutError(f"{self.name} does not get in step, see {self.folder}/log")
            time.sleep(0.2)

    def state(self) -> str:
        """Its place in the cluster, `4,ON` when it is in step; empty when it does not answer."""
        try:
            return str(self.ask_for(
                "SELECT GROUP_CONCAT(VARIABLE_VALUE ORDER BY VARIABLE_NAME) FROM information_schema.GLOBAL_STATUS "
                "WHERE VARIABLE_NAME IN ('WSREP_LOCAL_STATE', 'WSREP_READY')"
            ))  # fmt: skip
        except pymysql.Error:
            return ""

    def ask(self) -> None:
        """Raise an error unless it answers; while it is brought into step it may say that it is not ready."""
        try:
            super().ask()
        except pymysql.err.OperationalError as error:
            if error.args[0] != 1047:
                raise

    def _position(self) -> list[str]:
        """Where it was when it ended, so that it is sent what it missed and not everything anew."""
        if not (self.folder / "data" / "grastate.dat").exists():
            return []
        done = subprocess.run(
            [*self.command(), "--wsrep-recover"], check=True, capture_output=True, text=True, timeout=_TOGETHER,
            **self.as_user(),
        )  # fmt: skip
        found = _RECOVERED.findall(done.stdout + done.stderr)
        return [f"--wsrep_start_position={found[-1]}"] if found else []


class Cluster:
    """Three nodes and the proxy; to whoever asks it is one database at one port."""

    def __init__(self, folder: Path) -> None:
        self.nodes = [Node(folder / name, name) for name in ("node1", "node2", "node3")]
        self._proxy = _Proxy(folder / "proxy", self.nodes)
        self.port = self._proxy.port

    def start(self) -> None:
        """Start the first node and the proxy; `complete` brings the others in."""
        self.nodes[0].join(self.nodes, first=True)
        self._proxy.start()

    def complete(self) -> None:
        """Bring in every node that does not run."""
        for node in self.nodes:
            if not node.runs:
                node.join([one for one in self.nodes if one.runs])

    def new_database(self, name: str) -> str:
        """The address of a new, empty database, by way of the proxy."""
        return self.nodes[0].new_database(name).replace(f":{self.nodes[0].port}/", f":{self.port}/")

    def writer(self) -> Node:
        """The node that the proxy sends everything to."""
        name = self._proxy.ask_for("SELECT @@wsrep_node_name")
        return next(node for node in self.nodes if node.name == name)

    def kill(self) -> None:
        """End everything."""
        self._proxy.kill()
        for node in self.nodes:
            node.kill()
            node.agent.shutdown()
            node.agent.server_close()


class _Proxy(MariaDB):
    """HAProxy with deploy/galera/haproxy.cfg, asked as if it were the database."""

    def __init__(self, folder: Path, nodes: list[Node]) -> None:
        self._nodes = nodes
        super().__init__(folder)

    def prepare(self) -> None:
        """Put in the ports of the nodes."""

    def command(self) -> list[str]:
        """How it is started."""
        text = (DEPLOY / "haproxy.cfg").read_text().replace("bind 127.0.0.1:3306", f"bind 127.0.0.1:{self.port}")
        for number, node in enumerate(self._nodes, start=1):
            agent = node.agent.server_address[1]
            text = text.replace(f"10.0.0.1{number}:3306 check port 9200", f"127.0.0.1:{node.port} check port {agent}")
        (self.folder / "haproxy.cfg").write_text(text)
        return ["haproxy", "-db", "-f", str(self.folder / "haproxy.cfg")]


def _settings() -> list[str]:
    """The options of galera.cnf but for those that differ from node to node."""
    own = ("cluster_address", "node_address", "node_name", "provider_options", "bind_address")
    lines = (DEPLOY / "galera.cnf").read_text().splitlines()
    given = [re.sub(r"\s*=\s*", "=", line, count=1) for line in lines if "=" in line and not line.startswith("#")]
    return [f"--{line}" for line in given if not line.split("=")[0].endswith(own)]


def _provider_options() -> str:
    found = re.search(r'wsrep_provider_options\s*=\s*"(.*)"', (DEPLOY / "galera.cnf").read_text())
    assert found
    return found[1].replace("gcache.size=512M", "gcache.size=128M")


class _Check(socketserver.StreamRequestHandler):
    """What systemd does for each connection: the script with the connection as its input and output."""

    socket_of_node = ""

    def handle(self) -> None:
        """Run it."""
        end = self.request.fileno()
        script = [DEPLOY / "galera-check", f"--socket={self.socket_of_node}", f"--user={getpass.getuser()}"]
        with subprocess.Popen(script, stdin=end, stdout=end, stderr=subprocess.DEVNULL) as process:
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


class _Agent(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


def _serve_check(socket: str) -> _Agent:
    handler = type("_CheckOfNode", (_Check,), {"socket_of_node": socket})
    agent = _Agent(("127.0.0.1", 0), handler)
    threading.Thread(target=agent.serve_forever, args=(0.1,), daemon=True).start()
    return agent
