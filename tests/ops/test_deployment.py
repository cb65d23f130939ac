"""The files of deploy/ are read by the tools they are for, as far as these are on the machine."""

import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

import kubernetes_validate
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
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


def test_nginx_reads_its_configuration(tmp_path: Path, leave_out: LeaveOut) -> None:
    if not (nginx := shutil.which("nginx", path="/usr/sbin:/usr/bin")):
        leave_out("nginx is not installed")
    key, certificate = tmp_path / "tls.key", tmp_path / "tls.crt"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost", "-days", "1",
         "-keyout", key, "-out", certificate],
        check=True, capture_output=True,
    )  # fmt: skip
    text = (
        (DEPLOY / "nginx.conf")
        .read_text()
        .replace("/etc/nginx/tls", str(tmp_path))
        .replace("web:8000", "127.0.0.1:8000")
    )
    text = f"pid {tmp_path}/pid;\nerror_log stderr;\n" + text
    (tmp_path / "nginx.conf").write_text(text)
    answer = subprocess.run([nginx, "-t", "-c", tmp_path / "nginx.conf"], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stderr


@pytest.mark.parametrize("path", sorted(DEPLOY.glob("portal-*.*")), ids=lambda path: path.name)
def test_systemd_reads_its_units(path: Path, tmp_path: Path, leave_out: LeaveOut) -> None:
    if not (program := shutil.which("systemd-analyze")):
        leave_out("systemd is not installed")
    # The portal itself is not installed where the tests run: any program stands for it.
    for unit in DEPLOY.glob("portal-*.*"):
        (tmp_path / unit.name).write_text(re.sub(r"/opt/portal/\.venv/bin/\S+", "/bin/true", unit.read_text()))
    answer = subprocess.run(
        [program, "verify", "--man=no", tmp_path / path.name], capture_output=True, text=True, check=False
    )
    assert (answer.returncode, answer.stderr) == (0, "")


def test_alerts_and_dashboard_ask_for_figures_that_there_are(client: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr("portal.ops.figures.LIMIT", 20.0)  # a busy machine may take longer
    client.get("/login")
    there = set(re.findall(r"^# TYPE (\S+)", client.get("/metrics").text, re.MULTILINE))
    alerts = yaml.safe_load((DEPLOY / "monitoring" / "alerts.yaml").read_text())["groups"][0]["rules"]
    panels = json.loads((DEPLOY / "monitoring" / "dashboard.json").read_text())["panels"]
    asked = " ".join([rule["expr"] for rule in alerts] + [one["targets"][0]["expr"] for one in panels])
    names = set(re.findall(r"\b(?:http|db|portal|active)_[a-z_]+(?=\{)", asked))
    assert {re.sub(r"_(bucket|count)$", "", name) for name in names} <= there
    assert len(names) > 5
