"""The end of a drill: what chance may have spared the system comes here by construction, whatever the machine's pace.

    restless    somebody was still busy 20 s after the silence
"""

import asyncio

from teahouse import eventually

from . import truth
from .checker import RECOVERY
from .device import Device
from .journal import Journal
from .people import Company
from .stores import Stores


async def last_act(devices: list[Device], company: Company, stores: Stores, journal: Journal) -> None:
    """Under a fault of the bus alone, or none. Somebody is removed in the midst of what they say. One speaks, goes at the
    acknowledgement, and comes back while all others speak. Then each chatroom hears a last word, with nothing after it by
    which others could miss it; and all second devices are signed out at once."""
    # The owner's, who is in every chatroom.
    speaker, goer = devices[:2]
    if not await at_rest(devices, company, stores, journal):
        return
    await removal(devices[::2], company, min(company.rooms))
    if not await at_rest(devices, company, stores, journal):
        return
    await goer.say(min(company.rooms))
    await goer.disconnect("goes")

    async def chatter(device: Device) -> None:
        # What has no answer yet, or was one too many, is sent again by the device itself.
        while device.is_live and device.rooms and not device.outbox.waiting and not goer.is_live:
            await device.say(device.random.choice(sorted(device.rooms)))

    await asyncio.gather(*(chatter(device) for device in (speaker, *devices[2::2])))
    if not await at_rest(devices, company, stores, journal):
        return
    for room in sorted(company.rooms):
        await speaker.say(room)
    if await at_rest(devices, company, stores, journal):
        await asyncio.gather(*(company.sign_out(device) for device in devices[1::2]))


async def removal(devices: list[Device], company: Company, room: int) -> None:
    """One of a chatroom's members talks without a pause while the owner removes them, and comes back."""
    members = sorted(company.rooms[room])
    if not members:
        return
    user = members[0]
    talker = next(device for device in devices if device.person.id == user)
    is_over = False

    async def talk() -> None:
        while talker.is_live and not is_over:
            await talker.say(room)

    said = len(talker.outbox.done)

    async def is_in_the_midst() -> bool:
        return len(talker.outbox.done) >= said + 3 or not talker.is_live

    talking = [asyncio.create_task(talk()) for _ in range(3)]
    await eventually(is_in_the_midst, within=30)
    company.rooms[room].discard(user)
    await company.settle("kick", "kicked", room, user)
    is_over = True
    await asyncio.gather(*talking)
    await company.settle("add", "added", room, user)
    company.rooms[room].add(user)


async def survivors(devices: list[Device], journal: Journal) -> None:
    """Whoever was signed out and is connected all the same says something, when that is forbidden by any measure."""
    late = [device for device in devices if device.is_signed_out and device.is_live]
    if late:
        await asyncio.sleep(RECOVERY + 1)
    for device in late:
        if device.is_signed_out and device.is_live and device.rooms:
            await device.say(min(device.rooms))


async def at_rest(devices: list[Device], company: Company, stores: Stores, journal: Journal) -> bool:
    """Waits until nobody comes, goes or has a message on its way: all that a Gateway learns by their doing, it knows."""

    async def is_still() -> bool:
        for device in devices:
            own = {room for room, members in company.rooms.items() if device.person.id in members}
            if not device.is_live or device.session.declined or device.outbox.waiting or device.tasks:
                return False
            if not own <= device.rooms:
                return False
        return await truth.feed_is_applied(stores)

    try:
        return bool(await eventually(is_still, within=20))
    except AssertionError:
        journal.note("restless")
        return False


async def repetition(devices: list[Device]) -> None:
    """After everything each person sends their first message again, with its client id: the same answer, for ever."""
    await asyncio.gather(
        *(device.send(device.session, device.outbox.done[0])
          for device in devices[::2] if device.is_live and device.outbox.done)
    )
