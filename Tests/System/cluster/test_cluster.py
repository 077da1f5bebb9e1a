"""What a cluster is: each host of it is observed, guarded and speaks TLS."""

import re
import sys
from pathlib import Path

import aiohttp
import pytest

from drill.drill import System
from drill.stores import Stores, output

from .operations import PARTS, Operator

ROOT = Path(__file__).resolve().parents[3]
sys.path.insert(0, str(ROOT / "deploy" / "observability"))
import names  # noqa: E402 of the deployment, beside its alerts


@pytest.fixture
def system() -> System:
    return System.from_environment()


async def scrape(system: System, part: str, **headers: str) -> tuple[int, str]:
    key = (system.state / "secrets" / "operator.key").read_text().strip()
    async with aiohttp.ClientSession() as session:
        url = f"https://{part}.teahouse.test:9000/metrics"
        async with session.get(url, headers={"authorization": f"Bearer {key}", **headers}) as answer:
            return answer.status, await answer.text()


async def test_every_service_exposes_what_alerts_and_dashboard_are_made_of_and_nothing_else(system: System) -> None:
    known, seen = names.exposed(), set()
    for part in PARTS:
        status, text = await scrape(system, part)
        assert status == 200
        for name, kind in re.findall(r"^# TYPE (\S+) (\S+)$", text, re.M):
            assert known.get(name) == kind, f"{part} exposes {name}, a {kind}"
            seen.add(name)
        # No label has as many values as there are people or chatrooms.
        for labels in re.findall(r"\{(.*?)\} ", text):
            for label, value in re.findall(r'(\w+)="([^"]*)"', labels):
                is_few = label in {"le", "reason"} or not re.fullmatch(r"\d{4,}|[0-9a-f-]{36}", value)
                assert is_few, f"{part}: {labels}"
    # Some appear when the first of them happens.
    always = ("http_", "process_", "service_", "sockets_", "postgres_con", "feed_")
    assert seen >= {name for name in known if name.startswith(always)}


async def test_internal_listeners_cannot_be_reached_over_the_edge_and_speak_nothing_but_tls(system: System) -> None:
    async with aiohttp.ClientSession() as session:
        for path in (
            "/metrics", "/internal/changes?after=0", "/health", "/ready", "//internal/heads", "/api/auth/internal/changes"
        ):
            async with session.get(f"{system.edge}{path}") as answer:
                assert answer.status in (401, 404), path
        # The edge listens on its own two ports.
        for port in (8000, 9000, 9100):
            with pytest.raises(aiohttp.ClientConnectorError):
                await session.get(f"http://edge.teahouse.test:{port}/")
        for part in PARTS:
            with pytest.raises(aiohttp.ClientError):
                await session.get(f"http://{part}.teahouse.test:9000/health")
        assert (await scrape(system, "auth1", authorization="Bearer wrong"))[0] == 401


async def test_all_connections_to_postgresql_are_encrypted(system: System) -> None:
    operator = Operator(system)
    url = operator.configured("history1", "HISTORY_DATABASE_URL")
    assert "sslmode=verify-full" in url
    rows = await Stores(system.state, system.control).sql(
        "SELECT usename, ssl FROM pg_stat_ssl JOIN pg_stat_activity USING (pid)"
        " WHERE usename IN ('auth', 'social', 'history', 'media')", "postgres")
    assert {row["usename"] for row in rows} == {"auth", "social", "history", "media"} and all(row["ssl"] for row in rows)


async def test_the_doctor_finds_nothing_wrong(system: System) -> None:
    """Over TLS, by the cluster's own authority: the environment says where everybody is."""
    said = await output(str(system.state / "bin" / "teahousectl"), "doctor")
    assert "Nothing is wrong." in said
    for part in PARTS:
        assert f"https://{part}.teahouse.test:9000" in said
