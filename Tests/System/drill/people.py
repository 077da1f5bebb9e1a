"""Who takes part, and the owner who lets people in and out.

    person  user name            room  room members
    kick    room user            then kicked, once it is answered
    quit    room user            then gone: one's own leaving
    add     room user            then added
    revoke  user device login    then revoked: a device's session is ended from another
"""

import asyncio
import random
import uuid

from teahouse import Person, eventually

from .device import Device
from .journal import Journal


class Company:
    """Six people, three groups of the first one's, in which all, or some, are."""

    def __init__(self, people: list[Person], rooms: dict[int, set[int]], journal: Journal) -> None:
        self.people = people
        self.rooms = rooms
        self.journal = journal

    @property
    def owner(self) -> Person:
        return self.people[0]

    def person(self, user: int) -> Person:
        return next(person for person in self.people if person.id == user)

    @staticmethod
    async def gather(edge: str, journal: Journal, count: int = 6) -> "Company":
        names = ["ann", "bob", "cai", "dan", "eve", "fay", "gus", "hua"][:count]
        people = await asyncio.gather(*(Person.register(edge, name) for name in names))
        for person in people:
            journal.note("person", user=person.id, name=person.username)
        owner = people[0]
        for person in people[1:]:
            await owner.befriend(person)
        rooms: dict[int, set[int]] = {}
        for name, members in (("all", people), ("some", people[: count // 2 + 1]), ("others", people[count // 2 :])):
            others = [person for person in members if person is not owner]
            room = await owner.group(name, *others)
            rooms[room] = {person.id for person in others}
            journal.note("room", room=room, name=name, members=sorted(rooms[room] | {owner.id}))
            for person in others:
                journal.note("added", user=person.id, room=room)
        return Company(list(people), rooms, journal)

    async def close(self) -> None:
        for person in self.people:
            await person.session.close()

    async def come_and_go(self, seed: str, devices: list[Device], stop: asyncio.Event) -> None:
        """Every few seconds somebody is removed, goes, is added again or signed out, by a call that is repeated until it is
        answered. `devices`: those that may be signed out."""
        choices = random.Random(f"{seed}-owner")
        everybody = {room: sorted(members) for room, members in self.rooms.items()}
        while not stop.is_set():
            try:
                await asyncio.wait_for(stop.wait(), choices.uniform(0.2, 1.5))
                break
            except TimeoutError:
                pass
            if choices.random() < 0.15:
                await self.sign_out(choices.choice(devices))
                continue
            room = choices.choice(sorted(self.rooms))
            user = choices.choice(everybody[room])
            if user in self.rooms[room]:
                self.rooms[room].discard(user)
                begun, done = choices.choice([("kick", "kicked"), ("kick", "kicked"), ("quit", "gone")])
                await self.settle(begun, done, room, user)
            else:
                await self.settle("add", "added", room, user)
                self.rooms[room].add(user)

    async def settle(self, begun: str, done: str, room: int, user: int) -> None:
        path = f"/api/social/chatrooms/{room}/members"
        key = {"idempotency-key": str(uuid.uuid4())}

        async def attempt() -> bool:
            self.journal.note(begun, room=room, user=user)
            async with asyncio.timeout(10):
                if begun != "add":
                    caller = self.owner if begun == "kick" else self.person(user)
                    status, body, _ = await caller.ask("DELETE", f"{path}/{user}", headers=key)
                else:
                    status, body, _ = await self.owner.ask("POST", path, json={"userIds": [user]}, headers=key)
            # Not a member any more: an attempt before this one has done it.
            return status in (200, 204) or (begun != "add" and status == 404)

        await eventually(attempt, within=90)
        self.journal.note(done, room=room, user=user)

    async def sign_out(self, device: Device) -> None:
        login = device.login
        if login is None or device.is_signed_out:
            return

        async def attempt() -> bool:
            self.journal.note("revoke", device=device.name, user=device.person.id, login=login)
            async with asyncio.timeout(10):
                path = f"/api/auth/me/sessions/{login}"
                status, _, _ = await device.outbox.person.ask("DELETE", path)
            # It is over already: an attempt before this one has done it.
            return status in (204, 404)

        await eventually(attempt, within=90)
        self.journal.note("revoked", device=device.name, user=device.person.id, login=login)
        device.is_signed_out = True
