"""Each service starts alone: it tells what it lacks, lists its keys, and answers on its internal listener."""

import os
import pathlib
import socket
import subprocess
import sys
import urllib.error
import urllib.request

import pytest

BIN = pathlib.Path(os.environ["TEAHOUSE_STATE"]) / "bin"
ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVICES = ["Auth", "Social", "History", "Media", "Gateway"]
OPERATOR = "operator-key-of-this-test-0123456789"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def get(port, path, key=None):
    request = urllib.request.Request(f"http://127.0.0.1:{port}{path}")
    if key:
        request.add_header("Authorization", f"Bearer {key}")
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, answer.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


@pytest.mark.parametrize("service", SERVICES)
def test_tells_what_it_lacks(service):
    run = subprocess.run([BIN / service], env={}, capture_output=True, text=True, timeout=20)
    assert run.returncode == 78  # EX_CONFIG
    assert "SERVICE_KEYS" in run.stderr
    if service != "Gateway":
        assert f"{service.upper()}_DATABASE_URL" in run.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_help_lists_every_key(service):
    run = subprocess.run([BIN / service, "--help"], env={}, capture_output=True, text=True, timeout=20)
    assert run.returncode == 0
    for key in [f"{service.upper()}_PUBLIC_ADDRESS", f"{service.upper()}_INTERNAL_ADDRESS", "SERVICE_KEYS", "REDIS_URLS"]:
        assert key in run.stdout


@pytest.mark.parametrize("service", SERVICES)
def test_refuses_a_key_it_does_not_know(service):
    name = f"{service.upper()}_NO_SUCH_KEY"
    run = subprocess.run([BIN / service], env={name: "1"}, capture_output=True, text=True, timeout=20)
    assert run.returncode == 78
    assert name in run.stderr


@pytest.mark.parametrize("service", SERVICES)
def test_answers_on_its_internal_listener_without_its_stores(service):
    public, internal, nothing = free_port(), free_port(), free_port()
    upper = service.upper()
    keys = ",".join(f"{name}={name}-key-of-this-test-0123456789" for name in [*map(str.lower, SERVICES), "operator"])
    environment = {
        "TEAHOUSE_MODE": "local",
        "SERVICE_KEYS": keys,
        "REDIS_URLS": f"redis://127.0.0.1:{nothing}",
        f"{upper}_PUBLIC_ADDRESS": f"127.0.0.1:{public}",
        f"{upper}_INTERNAL_ADDRESS": f"127.0.0.1:{internal}",
        **{f"{name.upper()}_URLS": f"http://127.0.0.1:{nothing}" for name in SERVICES if name != "Gateway"},
    }
    if service != "Gateway":
        environment[f"{upper}_DATABASE_URL"] = f"postgresql://nobody:nothing-secret-here@127.0.0.1:{nothing}/none"
    if service == "Auth":
        environment["AUTH_SIGNING_KEYS"] = "k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
    if service == "Media":
        environment["MEDIA_DIRECTORY"] = f"{os.environ['TEAHOUSE_STATE']}/alone-media"
    process = subprocess.Popen([BIN / service], env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        status = None
        while status is None:  # the timeout of pytest ends this
            assert process.poll() is None, "the service has ended"
            try:
                status, _ = get(internal, "/health")
            except (urllib.error.URLError, ConnectionError):
                status = None
        assert status == 200
        assert get(internal, "/ready")[0] == 503
        assert get(internal, "/metrics")[0] == 401
        assert get(internal, "/metrics", key="wrong")[0] == 401
        status, metrics = get(internal, "/metrics", key=OPERATOR)
        assert status == 200
        assert "# TYPE" in metrics
    finally:
        process.terminate()
        assert process.wait(timeout=30) == 0


def test_the_document_of_the_configuration_is_current():
    run = subprocess.run(
        [sys.executable, ROOT / "deploy" / "configuration.py", BIN, "--check"], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("service", [service for service in SERVICES if service != "Gateway"])
def test_tells_what_a_migration_would_run_and_runs_it(service):
    """On the running system's own database, which is up to date."""
    environment = os.environ["TEAHOUSE_STATE"] + f"/env/{service.lower()}"
    script = f'unset "${{!TEAHOUSE_@}}"; . "{environment}"; exec "$0" "$@"'
    for arguments in (["--migrate", "--dry-run"], ["--migrate"]):
        run = subprocess.run(
            ["bash", "-c", script, BIN / service, *arguments], capture_output=True, text=True, timeout=60)
        assert run.returncode == 0, run.stdout + run.stderr
        assert run.stdout.splitlines()[-1] == f"-- {service.lower()}: nothing to do"
