"""The files of deploy/ are read by the tools they are for, as far as these are on the machine."""

import gzip
import json
import re
import shutil
import socket
import ssl
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import closing, suppress
from functools import partial
from http.client import HTTPSConnection
from pathlib import Path
from typing import Any, NoReturn

import kubernetes_validate
import pytest
import yaml

from portal.web.assets import build, static_url
from portal.webhooks.models import MessageState
from tests.support.portal_process import free_port
from tests.support.receiver import receiving

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted([*DEPLOY.glob("portal-*.*"), *DEPLOY.glob("*/portal-*.*")])
LeaveOut = Callable[[str], NoReturn]


def _compose() -> dict[str, Any]:
    return dict(yaml.safe_load((DEPLOY / "compose.yaml").read_text()))


def _objects() -> list[dict[str, Any]]:
    return list(yaml.safe_load((DEPLOY / "kubernetes" / "portal.yaml").read_text())["items"])


def _pods() -> list[dict[str, Any]]:
    specs = [one["spec"] for one in _objects() if one["kind"] in {"Job", "Deployment", "CronJob"}]
    return [spec.get("jobTemplate", {}).get("spec", spec)["template"]["spec"] for spec in specs]


def test_compose_names_what_it_uses() -> None:
    compose = _compose()
    services = compose["services"]
    assert {"web", "worker", "schema", "database", "queue", "proxy"} == set(services)
    for service in services.values():
        assert set(service.get("depends_on", {})) <= set(services)
        named = {mount.split(":")[0] for mount in service.get("volumes", ()) if not mount.startswith(".")}
        assert named <= set(compose["volumes"])
        assert "image" in service or "build" in service
        assert not str(service.get("image", ":1")).endswith(("latest", "/"))
        assert ":" in service.get("image", ":")


def test_the_portals_containers_may_do_little() -> None:
    for name in ("web", "worker", "schema"):
        service = _compose()["services"][name]
        assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    lines = (ROOT / "Dockerfile").read_text().splitlines()
    assert lines.index("USER portal") < next(i for i, line in enumerate(lines) if line.startswith("CMD"))
    assert any(line.startswith("HEALTHCHECK") for line in lines)


@pytest.mark.parametrize("thing", _objects(), ids=lambda thing: f"{thing['kind']}-{thing['metadata']['name']}")
def test_kubernetes_would_take_it(thing: dict[str, Any]) -> None:
    kubernetes_validate.validate(thing, "1.30", strict=True)


def test_a_wrong_manifest_is_found() -> None:
    wrong = next(one for one in _objects() if one["kind"] == "Deployment")
    wrong["spec"]["replica"] = 2
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, "1.30", strict=True)


def test_every_pod_runs_as_nobody_on_a_root_that_it_cannot_write() -> None:
    for pod in _pods():
        assert pod["securityContext"]["runAsNonRoot"]
        for container in pod["containers"]:
            assert container["securityContext"]["readOnlyRootFilesystem"]
            assert container["resources"]["limits"]["memory"]


@pytest.fixture
def nginx(tmp_path: Path, leave_out: LeaveOut) -> Callable[..., list[str | Path]]:
    """The command of nginx with the configuration, on ports and folders of this test."""
    if not (program := shutil.which("nginx", path="/usr/sbin:/usr/bin")):
        leave_out("nginx is not installed")
    key, certificate = tmp_path / "tls.key", tmp_path / "tls.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip

    def command(port: int = 443, portal: str = "127.0.0.1:8000", static: Path = tmp_path) -> list[str | Path]:
        text = (DEPLOY / "nginx.conf").read_text()
        for ours, here in (
            ("/etc/nginx/tls", str(tmp_path)), ("web:8000", portal), ("/srv/portal/static", str(static)),
            ("listen 443", f"listen 127.0.0.1:{port}"), ("listen 80", f"listen unix:{tmp_path}/plain"),
        ):  # fmt: skip
            assert ours in text
            text = text.replace(ours, here)
        (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/pid;\nerror_log stderr;\ndaemon off;\n{text}")
        return [program, "-c", tmp_path / "nginx.conf"]

    return command


def test_nginx_reads_its_configuration(nginx: Callable[..., list[str | Path]]) -> None:
    answer = subprocess.run([*nginx(), "-t"], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.one_database
def test_nginx_answers_for_what_was_built_and_the_portal_for_the_rest(
    app: Any, tmp_path: Path, monkeypatch: Any, nginx: Callable[..., list[str | Path]]
) -> None:
    built = tmp_path / "built"
    settings = app.config["PORTAL"].model_copy(update={"portal_static_dir": built})
    monkeypatch.setitem(app.config, "PORTAL", settings)
    build(app)
    tmp_path.chmod(0o755)
    for folder in tmp_path.parents:
        if folder == Path(tempfile.gettempdir()):
            break
        folder.chmod(0o755)  # nginx reads as nobody
    with app.test_request_context():
        address = static_url("css/tokens.css")
    with receiving() as portal:
        port = free_port()
        process = subprocess.Popen(nginx(port, f"127.0.0.1:{portal.port}", built), stderr=subprocess.DEVNULL)
        try:
            ask = partial(_ask_nginx, port)
            status, headers, body = ask(address)
            assert (status, headers["Content-Encoding"], headers["Vary"]) == (200, "gzip", "Accept-Encoding")
            assert gzip.decompress(body) == (built / address.removeprefix("/static/")).read_bytes()
            assert headers["Cache-Control"] == "public, max-age=31536000, immutable"
            assert headers["Content-Type"] == "text/css; charset=utf-8"
            assert headers["X-Content-Type-Options"] == "nosniff"
            assert portal.received == []
            for path in ("/static/css/tokens.0000000000.css", "/login"):
                assert ask(path, "POST")[0] == 200
            assert [one.path for one in portal.received] == ["/static/css/tokens.0000000000.css", "/login"]
            assert portal.received[0].headers["x-forwarded-proto"] == "https"
            assert ask("/metrics")[0] == 404
        finally:
            process.terminate()
            process.wait(10)


def test_nginx_hands_on_no_request_whose_body_does_not_come(nginx: Callable[..., list[str | Path]]) -> None:
    """Each that was handed on would hold one of the portal's few threads."""
    with socket.create_server(("127.0.0.1", 0)) as portal:
        portal.settimeout(1)
        port = free_port()
        process = subprocess.Popen(nginx(port, f"127.0.0.1:{portal.getsockname()[1]}"), stderr=subprocess.DEVNULL)
        try:
            with closing(_connect_to_nginx(port)) as slow:
                slow.putrequest("POST", "/login")
                slow.putheader("Content-Length", "4")
                slow.endheaders(b"a=")
                with pytest.raises(TimeoutError):
                    portal.accept()
                slow.send(b"bc")
                with portal.accept()[0] as handed_on:
                    assert b"POST /login" in handed_on.recv(4096)
        finally:
            process.terminate()
            process.wait(10)


def _connect_to_nginx(port: int) -> HTTPSConnection:
    """A connection, once it listens."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    for _ in range(100):
        made = HTTPSConnection("127.0.0.1", port, context=context, timeout=10)
        with suppress(ConnectionRefusedError):
            made.connect()
            return made
        time.sleep(0.05)
    raise TimeoutError("nginx does not answer")


def _ask_nginx(port: int, path: str, method: str = "GET") -> tuple[int, Any, bytes]:
    """Ask once it listens."""
    asked = _connect_to_nginx(port)
    try:
        asked.request(method, path, b"" if method == "POST" else None, {"Accept-Encoding": "gzip"})
        answer = asked.getresponse()
        return answer.status, answer.headers, answer.read()
    finally:
        asked.close()


def test_haproxy_reads_its_configuration(leave_out: LeaveOut) -> None:
    if not (program := shutil.which("haproxy", path="/usr/sbin:/usr/bin")):
        leave_out("haproxy is not installed")
    command = [program, "-c", "-f", DEPLOY / "galera" / "haproxy.cfg"]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")


def test_the_check_of_a_node_says_503_while_its_database_is_away(tmp_path: Path, leave_out: LeaveOut) -> None:
    if not shutil.which("mariadb"):
        leave_out("the client of MariaDB is not installed")
    command = [DEPLOY / "galera" / "galera-check", f"--socket={tmp_path}/none"]
    answer = subprocess.run(command, input=b"GET / HTTP/1.0\r\n\r\n", capture_output=True, check=True).stdout
    head, said = answer.split(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 503 ")
    assert f"Content-Length: {len(said)}".encode() in head


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.name)
def test_systemd_reads_its_units(path: Path, tmp_path: Path, leave_out: LeaveOut) -> None:
    if not (program := shutil.which("systemd-analyze")):
        leave_out("systemd is not installed")
    # The portal itself is not installed where the tests run: any program stands for it.
    programs = r"/opt/portal/\.venv/bin/\S+|/usr/local/bin/galera-check"
    for unit in UNITS:
        (tmp_path / unit.name).write_text(re.sub(programs, "/bin/true", unit.read_text()))
    answer = subprocess.run(
        [program, "verify", "--man=no", tmp_path / path.name], capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stderr) == (0, "")


def test_alerts_and_dashboard_ask_for_figures_that_there_are(client: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("portal.ops.figures.LIMIT", 20.0)  # a busy machine may take longer
    client.get("/login")
    text = client.get("/metrics").text
    there = set(re.findall(r"^# TYPE (\S+)", text, re.MULTILINE))
    values = set(re.findall(r'(\w+="[^"]*")', text))
    alerts = yaml.safe_load((DEPLOY / "monitoring" / "alerts.yaml").read_text())["groups"][0]["rules"]
    panels = json.loads((DEPLOY / "monitoring" / "dashboard.json").read_text())["panels"]
    asked = [rule["expr"] for rule in alerts] + [one["expr"] for panel in panels for one in panel["targets"]]
    names = set(re.findall(r"\b(?:http|db|portal|active)_[a-z_]+(?=\{)", " ".join(asked)))
    assert {re.sub(r"_(bucket|count)$", "", name) for name in names} <= there
    for pattern in re.findall(r'__name__=~"([^"]+)"', " ".join(asked)):
        assert [name for name in there if re.fullmatch(pattern, name)], pattern
    of_webhooks = {name for name in there if name.startswith("portal_webhook_")}
    assert of_webhooks <= {name for one in panels for name in names if f"{name}{{" in one["targets"][0]["expr"]}
    # What has no rows yet has no states either: those of endpoints are always there.
    for states in re.findall(r'portal_webhook_endpoints\{[^}]*state=~?"([^"]+)"', " ".join(asked)):
        assert {f'state="{state}"' for state in states.split("|")} <= values
    for states in re.findall(r'portal_webhook_messages\{[^}]*state=~?"([^"]+)"', " ".join(asked)):
        assert set(states.split("|")) <= set(MessageState)


def test_panels_of_the_dashboard_lie_beside_each_other() -> None:
    panels = json.loads((DEPLOY / "monitoring" / "dashboard.json").read_text())["panels"]
    taken = [(one["gridPos"]["x"] + x, one["gridPos"]["y"] + y) for one in panels for x in range(one["gridPos"]["w"])
             for y in range(one["gridPos"]["h"])]  # fmt: skip
    assert len(taken) == len(set(taken))
    assert len({one["id"] for one in panels}) == len(panels)
