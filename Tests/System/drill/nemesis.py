"""Does harm: one fault at a time, chosen by the seed.

    fault   name     begins
    healed  name     every part is ready again
"""

import asyncio
import random
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path

from teahouse import Control

from .journal import Journal
from .links import Link
from .stage import GATEWAYS, HISTORIES, LINKED, append, changed, restart
from .stores import Stores

Fault = Callable[["Nemesis"], AbstractAsyncContextManager[None]]
SERVICES = ("auth", "social", *HISTORIES, "media", *GATEWAYS)


class Nemesis:
    def __init__(self, control: Control, stores: Stores, journal: Journal, seed: str) -> None:
        self.control = control
        self.stores = stores
        self.journal = journal
        self.random = random.Random(f"{seed}-nemesis")
        self.count = 0
        self.links: dict[str, Link] = {}

    async def rage(self, names: list[str], duration: float, silence: Callable[[str], Awaitable[None]]) -> None:
        """Fault after fault for as long as told, two at least. Before the last is healed there is `silence`, which is told
        its name: nobody speaks any more, so that what was said meanwhile has nothing after it by which others could miss
        it."""
        end = self.journal.now + duration
        deck: list[str] = []
        while True:
            # Often there is no time to recover in between; now and then there is.
            await asyncio.sleep(min(self.random.choice([0.5, 1, 1.5, 2, 6.5]), duration / 3))
            if not deck:
                deck = self.random.sample(names, len(names))
            name = deck.pop()
            self.journal.note("fault", name=name)
            self.count += 1
            async with FAULTS[name](self):
                await asyncio.sleep(self.random.uniform(0.5, 2))
                is_last = self.count > 1 and self.journal.now + 3 > end
                if is_last:
                    await silence(name)
                    await asyncio.sleep(0.3)
            self.journal.note("healed", name=name)
            if is_last:
                return


def ended(action: str, part: str) -> Fault:
    @asynccontextmanager
    async def fault(nemesis: Nemesis) -> AsyncIterator[None]:
        await nemesis.control(action, part)
        try:
            yield
        finally:
            await nemesis.control("start", part)

    return fault


def stopped(part: str) -> Fault:
    """SIGSTOP for 2 to 8 s: alive in name, and with all its connections."""

    @asynccontextmanager
    async def fault(nemesis: Nemesis) -> AsyncIterator[None]:
        await nemesis.control("pause", part)
        try:
            await asyncio.sleep(nemesis.random.uniform(1.5, 6))
            yield
        finally:
            await nemesis.control("resume", part)

    return fault


def postgres(number: signal.Signals) -> Fault:
    """SIGQUIT is its immediate stop. It recovers from its log when it starts again."""

    @asynccontextmanager
    async def fault(nemesis: Nemesis) -> AsyncIterator[None]:
        await nemesis.stores.signal_postgres(number)
        try:
            yield
        finally:
            await nemesis.control("start", "postgres")

    return fault


def told(act: Callable[[Nemesis], object]) -> Fault:
    """What takes a moment and heals by itself."""

    @asynccontextmanager
    async def fault(nemesis: Nemesis) -> AsyncIterator[None]:
        await act(nemesis)  # type: ignore[misc]
        yield
        await act(nemesis)  # type: ignore[misc]

    return fault


def terminate_backends(nemesis: Nemesis) -> object:
    return nemesis.stores.sql(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname IS NOT NULL"
    )


def eaten(name: str) -> Fault:
    """What is asked arrives and is done; nobody hears of it, and then the connections end."""

    @asynccontextmanager
    async def fault(nemesis: Nemesis) -> AsyncIterator[None]:
        link = nemesis.links[name]
        link.is_eating = True
        try:
            yield
        finally:
            link.is_eating = False
            link.cut()

    return fault


def silent(name: str) -> Fault:
    """Nothing comes through and nothing ends; later all of it does come, or none."""

    @asynccontextmanager
    async def fault(nemesis: Nemesis) -> AsyncIterator[None]:
        link = nemesis.links[name]
        link.passes.clear()
        try:
            await asyncio.sleep(nemesis.random.uniform(0.5, 6))
            yield
        finally:
            if nemesis.random.random() < 0.5:
                link.cut()
            link.passes.set()

    return fault


def delayed(name: str) -> Fault:
    @asynccontextmanager
    async def fault(nemesis: Nemesis) -> AsyncIterator[None]:
        link = nemesis.links[name]
        link.delay = nemesis.random.uniform(0.05, 0.5)
        try:
            await asyncio.sleep(1)
            yield
        finally:
            link.delay = 0

    return fault


def muffled(name: str) -> Fault:
    """The Gateway's connection to Redis answers, and nothing that is published comes: short of 5 s it cannot know."""

    @asynccontextmanager
    async def fault(nemesis: Nemesis) -> AsyncIterator[None]:
        link = nemesis.links[name]
        link.is_muffled = True
        try:
            await asyncio.sleep(nemesis.random.uniform(0.5, 7))
            yield
        finally:
            link.is_muffled = False

    return fault


def cut(name: str) -> Fault:
    """All connections end, again and again."""

    @asynccontextmanager
    async def fault(nemesis: Nemesis) -> AsyncIterator[None]:
        async def cuts() -> None:
            while True:
                nemesis.links[name].cut()
                await asyncio.sleep(nemesis.random.uniform(0.05, 0.4))

        cutting = asyncio.create_task(cuts())
        try:
            yield
        finally:
            cutting.cancel()

    return fault


def skewed(part: str) -> Fault:
    """It is started anew by a clock that is up to two hours behind or ahead; and again by the right one."""

    @asynccontextmanager
    async def fault(nemesis: Nemesis) -> AsyncIterator[None]:
        seconds = nemesis.random.choice([-1, 1]) * nemesis.random.choice([7, 300, 7_200])
        with changed(nemesis.stores.state, (part,)):
            append(
                nemesis.stores.state, part, LD_PRELOAD=faketime(), FAKETIME=f"{seconds:+d}s",
                FAKETIME_DONT_FAKE_MONOTONIC="1",
            )
            await restart(nemesis.control, (part,))
        try:
            await asyncio.sleep(nemesis.random.uniform(0.5, 3))
            yield
        finally:
            await restart(nemesis.control, (part,))

    return fault


def faketime() -> str:
    """Debian's, of whatever architecture."""
    found = sorted(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"))
    assert found, "there is no faketime; deploy/install --tests installs it"
    return str(found[0])


# Messages are stored and acknowledged all the same; only the hints of them are lost.
BUS_FAULTS = {"kill redis", "flush redis", "deafen", "muffle gateway1-redis", "muffle gateway2-redis"}
LINK_FAULTS: dict[str, Fault] = {
    f"{what} {part}-{target}": make(f"{part}-{target}")
    for what, make in (("eat answers of", eaten), ("silence", silent), ("delay", delayed), ("cut", cut))
    for part, keys in LINKED.items()
    for targets in keys.values()
    for target in targets
}
LINK_FAULTS |= {f"muffle {gateway}-redis": muffled(f"{gateway}-redis") for gateway in GATEWAYS}
FAULTS: dict[str, Fault] = {
    **{f"kill {part}": ended("kill", part) for part in SERVICES},
    **{f"stop {part}": ended("stop", part) for part in SERVICES},
    **{f"pause {part}": stopped(part) for part in ("social", *HISTORIES, *GATEWAYS, "redis")},
    **{f"skew {part}": skewed(part) for part in SERVICES},
    "stop postgres at once": postgres(signal.SIGQUIT),
    "kill postgres": postgres(signal.SIGKILL),
    "terminate backends": told(terminate_backends),
    "kill redis": ended("kill", "redis"),
    "flush redis": told(lambda nemesis: nemesis.stores.redis_command("FLUSHALL")),
    "deafen": told(lambda nemesis: nemesis.stores.redis_command("CLIENT", "KILL", "TYPE", "pubsub")),
    **LINK_FAULTS,
}
# What needs a second History, or links.
STAGED = LINK_FAULTS.keys() | {name for name in FAULTS if name.endswith("history2")}
