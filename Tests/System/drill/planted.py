"""Mistakes planted in the system, each of which the checker must find: they exist in debug builds only.

Each is switched on by a key of one service (`HISTORY_DRILL_FAULT`, `GATEWAY_DRILL_FAULT`), which is written into its
environment for the time of one drill, with faults under which the mistake matters.
"""

from dataclasses import dataclass

from .drill import System, Verdict, run
from .stage import restart


@dataclass(frozen=True)
class Plant:
    # Rules of which one must be broken.
    rules: set[str]
    faults: list[str]
    parts: tuple[str, ...] = ()
    key: str = ""


PLANTS = {
    # A hint is sent before the entry is stored, which then fails.
    "publishBeforeCommit": Plant(
        {"phantom", "order"}, ["terminate backends", "stop postgres at once"], ("history",), "HISTORY_DRILL_FAULT"),
    # Client ids are known by a memory of 30 s, which dies with the process.
    "duplicatesInMemory": Plant({"doubled"}, ["kill history"], ("history",), "HISTORY_DRILL_FAULT"),
    # Neither the beacon nor asking for heads tells what was missed.
    "noHeadCheck": Plant({"lost"}, ["kill redis"], ("gateway1", "gateway2"), "GATEWAY_DRILL_FAULT"),
    # A chatroom's position is read before the socket hears it.
    "subscribeAfterSnapshot": Plant(
        {"contiguous"}, ["deafen", "flush redis"], ("gateway1", "gateway2"), "GATEWAY_DRILL_FAULT"),
    # A client's: the acknowledgement of one's own send moves the delivery cursor over what was not delivered.
    "cursorByAck": Plant({"contiguous"}, ["kill redis"]),
}


async def planted(system: System, name: str, seed: str, duration: float) -> Verdict:
    plant = PLANTS[name]
    files = [system.state / "env" / part for part in plant.parts]
    before = [file.read_text() for file in files]
    try:
        for file, text in zip(files, before):
            file.write_text(f"{text}export {plant.key}={name}\n")
        await restart(system.control, plant.parts)
        return await run(system, seed, duration, plant.faults, acks_move_cursors=name == "cursorByAck")
    finally:
        for file, text in zip(files, before):
            file.write_text(text)
        await restart(system.control, plant.parts)
