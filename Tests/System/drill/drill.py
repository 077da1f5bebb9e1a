"""One drill from its beginning to the verdict."""

import asyncio
import logging
import os
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path

from teahouse import Control, eventually

from . import truth
from .checker import RECOVERY, Violation, check
from .device import Device, Outbox
from .finale import last_act, repetition, survivors
from .journal import Journal, Line
from .nemesis import BUS_FAULTS, FAULTS, STAGED, Nemesis
from .people import Company
from .stage import Stage, staged
from .stores import Stores


NO_FAULT = "none"
OPERATIONS = {"send", "connect", "join", "leave", "read", "wish", "look", "kick", "quit", "add", "revoke"}


@dataclass
class System:
    """Where the running system is; deploy/run says it in the environment."""

    edge: str
    gateways: list[str]
    state: Path
    control: Control

    @staticmethod
    def from_environment() -> "System":
        return System(
            edge=os.environ["TEAHOUSE_EDGE"].rstrip("/"),
            gateways=[address.rstrip("/") for address in os.environ["TEAHOUSE_GATEWAYS"].split(",")],
            state=Path(os.environ["TEAHOUSE_STATE"]),
            control=Control(os.environ["TEAHOUSE_CONTROL"]),
        )


@dataclass
class Verdict:
    seed: str
    journal: Path
    violations: list[Violation]
    operations: int
    entries: int
    faults: int
    seconds: float

    def __str__(self) -> str:
        figures = f"{self.operations} operations, {self.entries} deliveries, {self.faults} faults, {self.seconds:.0f} s"
        if not self.violations:
            return f"seed {self.seed}: kept ({figures})"
        rules = sorted({violation.rule for violation in self.violations})
        first = self.violations[0]
        lines = "\n".join(f"    {line}" for line in first.lines)
        return (
            f"seed {self.seed}: BROKEN: {', '.join(rules)} ({figures})\n"
            f"  {first.rule}: {first.what}\n{lines}\n  history: {self.journal}"
        )


async def run(
    system: System, seed: str, duration: float, faults: list[str] | None = None, acks_move_cursors: bool = False,
    meanwhile: Callable[[Journal], Awaitable[None]] | None = None,
) -> Verdict:
    """Makes new people, lets them talk under faults, heals, waits until all is calm, and judges.

    `faults`: all there are unless told; none where it is empty. `meanwhile`: what an operator does, in place of faults.
    """
    faults = [] if meanwhile else faults
    names = sorted(FAULTS) if faults is None else faults
    # It reports as errors what is daily bread here.
    logging.getLogger("engineio.client").setLevel(logging.CRITICAL)
    began = time.monotonic()
    folder = Path(__file__).resolve().parents[3] / ".local" / "drill"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{time.strftime('%H%M%S')}-seed-{seed}.jsonl"
    journal = Journal(path)
    stores = Stores(system.state, system.control)
    nemesis = Nemesis(system.control, stores, journal, seed)
    async with AsyncExitStack() as stack:
        stage = Stage()
        if STAGED & set(names):
            stage = await stack.enter_async_context(staged(system.state, system.control))
            nemesis.links = stage.links
        company = await Company.gather(system.edge, journal)
        devices: list[Device] = []
        for person in company.people:
            outbox = Outbox(person)
            second = await person.again("2")
            stack.push_async_callback(second.session.close)
            for name, signed_in in (("1", person), ("2", second)):
                devices.append(Device(
                    f"{outbox.name}.{name}", outbox, signed_in, system.gateways, stage.histories, journal, seed,
                    acks_move_cursors))
        lives = [asyncio.create_task(device.live()) for device in devices]
        stop = asyncio.Event()
        owner = asyncio.create_task(company.come_and_go(seed, devices[1::2], stop))

        async def silence(fault: str) -> None:
            stop.set()
            for device in devices:
                device.is_talking = False
            if fault in BUS_FAULTS or fault == NO_FAULT and not meanwhile:
                await owner
                await last_act(devices, company, stores, journal)

        try:
            await eventually(lambda: all_were_heard(devices), within=60)
            if names:
                await nemesis.rage(names, duration, silence)
            else:
                await (meanwhile(journal) if meanwhile else asyncio.sleep(duration))
                await silence(NO_FAULT)
            await owner
            await calm(devices, company, stores, journal)
            await truth.table(stores, sorted(company.rooms), journal)
            for person in company.people:
                await truth.shown(person, journal)
        finally:
            for life in [*lives, owner]:
                life.cancel()
            await asyncio.gather(*lives, owner, return_exceptions=True)
            await asyncio.gather(*(device.disconnect("end") for device in devices))
            await company.close()
            journal.close()
    for life in lives:
        if not life.cancelled() and life.exception():
            raise life.exception()  # type: ignore[misc] # a mistake in the drill itself
    return judge(seed, journal, path, time.monotonic() - began)


def judge(seed: str, journal: Journal, path: Path, seconds: float) -> Verdict:
    lines: list[Line] = journal.lines
    operations = sum(line["op"] in OPERATIONS for line in lines)
    entries = sum(line["op"] == "entry" for line in lines)
    faults = sum(line["op"] == "fault" for line in lines)
    return Verdict(seed, path, check(lines), operations, entries, faults, seconds)


async def all_were_heard(devices: list[Device]) -> bool:
    """Every device was connected once, and everybody has said something: from now on there is something to lose."""
    return all(device.epoch and device.outbox.done for device in devices)


async def calm(devices: list[Device], company: Company, stores: Stores, journal: Journal) -> None:
    """Waits until nothing is unknown and every device holds everything, and not longer than would be a violation."""
    healed = journal.now

    async def until(within: float, what: str, holds: object) -> None:
        deadline = healed + within
        for device in devices:
            while not holds(device):  # type: ignore[operator]
                device.news.clear()
                try:
                    await asyncio.wait_for(device.news.wait(), max(0.0, deadline - journal.now))
                except TimeoutError:
                    if not holds(device):  # type: ignore[operator]
                        journal.note("unsettled", device=device.name, what=f"{device.name} {what}")
                    break

    # A send that fell into the fault has 10 s for its answer, and is then repeated.
    await until(20, "has no socket 20 s after the end", lambda device: device.is_live and not device.session.declined)
    await until(30, "has sent what is not answered 30 s after the end", lambda device: not device.outbox.waiting)
    await survivors(devices, journal)
    await repetition(devices)
    await eventually(lambda: truth.feed_is_applied(stores), within=10)
    # Calls that nobody waits for any more may still change something: the end is when nothing has changed.
    seen: dict[int, int] = {}
    while seen != (now := await truth.heads(stores, sorted(company.rooms))):
        seen, start = now, journal.now
        for device in devices:
            while any(device.cursors.get(room, 0) < head for room, head in seen.items() if room in device.rooms):
                device.news.clear()
                try:
                    await asyncio.wait_for(device.news.wait(), max(0.0, start + RECOVERY + 1 - journal.now))
                except TimeoutError:
                    break
    journal.note("calm")
