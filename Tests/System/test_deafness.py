"""A Gateway whose connection to Redis is alive in name only: it answers pings, and nothing that is published comes."""

import os
import time
from pathlib import Path

import aiohttp
import pytest

from conftest import Connect, Register
from drill.stage import staged
from drill.stores import environment
from teahouse import Control, eventually, in_order

pytestmark = pytest.mark.timeout(180)

# After so long without a beacon a Gateway knows that it is deaf; it looks ten times as often.
PATIENCE = 5.0


async def test_a_deaf_gateway_finds_out_and_nobody_misses_anything(
    register: Register, connect: Connect, gateways: list[str], control: Control
) -> None:
    state = Path(os.environ["TEAHOUSE_STATE"])
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    log = state / "log" / "gateway1.log"
    async with staged(state, control) as stage, aiohttp.ClientSession() as session:
        ready_url = environment(state, "gateway1")["READY_URL"]

        async def is_ready() -> bool:
            async with session.get(ready_url) as answer:
                assert answer.status in (200, 503), answer.status
                return answer.status == 200

        async def is_deaf() -> bool:
            return not await is_ready()

        link = stage.links["gateway1-redis"]
        deaf, one = await connect(bob, gateways[0]), await connect(ann, gateways[1])
        await one.say(room, "before")
        await deaf.until_seq(room, 1)
        assert await is_ready()
        logged = log.stat().st_size

        # Nothing published comes through any more; whoever connects anew waits at the door.
        link.is_muffled = True
        link.admits.clear()
        start = time.monotonic()
        for number in range(20):
            await one.say(room, f"unheard {number}")
        await eventually(is_deaf, within=PATIENCE + 5)
        found = time.monotonic() - start
        assert PATIENCE - 2.5 < found < PATIENCE + 2, found
        assert link.muffled >= 20
        assert "no beacon is heard" in log.read_text()[logged:]
        # It asks for all heads at once, before it hears again.
        await deaf.until_seq(room, 21, timeout=5)
        for number in range(5):
            await one.say(room, f"meanwhile {number}")
        assert await is_deaf()

        link.is_muffled = False
        link.admits.set()
        await eventually(is_ready, within=15)
        await deaf.until_seq(room, 26, timeout=10)
        for number in range(5):
            await one.say(room, f"heard {number}")
        for client in (deaf, one):
            await client.until_seq(room, 31, timeout=5)
            in_order(client.seqs(room))
            assert (len(client.seqs(room)), client.disconnections) == (31, 0)
