"""Slow clients of Debian's slowhttptest at the edge and straight at each service (H05): others notice nothing."""

import asyncio
import os
import shutil
import time

import aiohttp
import pytest

from drill.drill import System

pytestmark = [
    pytest.mark.skipif(not shutil.which("slowhttptest"), reason="slowhttptest is not installed"),
    pytest.mark.skipif(not os.environ.get("TEAHOUSE_CLUSTER_LONG"), reason="TEAHOUSE_CLUSTER_LONG=1: takes minutes"),
]
# Heads, bodies and answers at a trickle.
ATTACKS = {
    "heads": ["-H", "-i", "1", "-t", "GET"],
    "bodies": ["-B", "-i", "1", "-t", "POST", "-s", "60000", "-x", "4"],
    "answers": ["-X", "-w", "10", "-y", "20", "-n", "5", "-z", "5", "-k", "3"],
}
# slowhttptest names no host in its TLS handshake, which the edge then refuses: its plain port is what it can slow down.
TARGETS = [
    "http://edge.teahouse.test/edge-health", "http://auth1.teahouse.test:8000/api/auth/me",
    "http://gateway1.teahouse.test:8000/socket.io/?EIO=4&transport=polling",
]


@pytest.fixture
def system() -> System:
    return System.from_environment()


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("target", TARGETS)
async def test_slow_clients_hold_up_nobody(system: System, attack: str, target: str) -> None:
    process = await asyncio.create_subprocess_exec(
        "slowhttptest", *ATTACKS[attack], "-c", "200", "-r", "200", "-l", "16", "-p", "3", "-u", target,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    times: list[float] = []
    async with aiohttp.ClientSession() as session:
        while process.returncode is None and len(times) < 400:
            start = time.monotonic()
            async with session.get(target) as answer:
                # Too many handshakes from one address are refused, which is an answer too.
                assert answer.status < 500, await answer.text()
            times.append(time.monotonic() - start)
            try:
                await asyncio.wait_for(asyncio.shield(process.wait()), 0.04)
            except TimeoutError:
                pass
    out, _ = await asyncio.wait_for(process.communicate(), 40)
    times.sort()
    assert len(times) > 20 and times[int(len(times) * 0.99)] < 1, f"{len(times)} calls, p99 {times[int(len(times) * 0.99)]:.2f} s"
    # Its own closing words: none of the 200 is connected any more.
    report = out.decode(errors="replace")
    assert "service available:" in report and "NO" not in report.split("service available:")[-1].splitlines()[0], report[-900:]
