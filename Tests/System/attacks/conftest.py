"""The cast, and what is looked at after every attack."""

import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

import pytest

from attacks.system import Aftermath, Process, System
from attacks.wire import WebSocket
from teahouse import Person, SocketClient


@pytest.fixture(scope="session")
def strict(system: System) -> Iterator[Process]:
    """A Gateway with the limits of production, which the others of a test system do without, and a short patience.

    It believes no proxy: every client has the address that it has.
    """
    keys = {"GATEWAY_MAX_HANDSHAKES_PER_ADDRESS": "50", "GATEWAY_CONNECT_TIMEOUT": "2s", "TRUSTED_PROXIES": "192.0.2.1"}
    with system.gateway("strict", **keys) as process:
        yield process


class Expected:
    """What a test tells of itself, for what is looked at after it."""

    def __init__(self, system: System) -> None:
        #: What of attackers and others passes through the system as it may. An allocator keeps a multiple of it.
        self.legitimate_bytes = 0
        #: What must be in no log.
        self.secrets = {value.split(":")[-1] for value in system.secrets.values()}

    def secret(self, value: str) -> str:
        # Shorter ones would be found where they are not.
        if len(value) >= 16:
            self.secrets.add(value)
        return value


@pytest.fixture(autouse=True)
async def aftermath(system: System, strict: Process, gateways: list[str]) -> AsyncIterator[Expected]:
    """Set up before everything else of a test, and so looked at after all of that is gone again."""
    await system.until_ready(strict)
    expected = Expected(system)
    async with AsyncExitStack() as stack:
        watcher = await stack.enter_async_context(await Person.register(system.edge, "watcher"))
        room = await watcher.group("watch")
        sockets = [SocketClient(watcher, address, transports=["websocket"]) for address in gateways]
        for socket in sockets:
            stack.push_async_callback(socket.close)
            await socket.open()
        before = Aftermath(system)
        yield expected
        receipt = await sockets[0].say(room, "still here")
        for socket in sockets:
            await socket.until_seq(room, receipt["seq"])
            assert socket.disconnections == 0 and len(socket.readies) == 1
        expected.secret(watcher.token or "")
        expected.secret(watcher.password)
        await before.check(expected.secrets, expected.legitimate_bytes)


@dataclass
class Cast:
    """Alice and Bob are members of `room`, which is Alice's; Mallory has an account and nothing else."""

    alice: Person
    bob: Person
    mallory: Person
    room: int
    expected: Expected
    #: All that may stand in the room at the end.
    named: list[str] = field(default_factory=list)
    #: Where a test does to the room what members may do.
    is_room_judged: bool = True

    async def say(self, socket: SocketClient | WebSocket, text: str) -> int:
        """A message of the room that is meant to be there."""
        self.named.append(text)
        if isinstance(socket, SocketClient):
            return int((await socket.say(self.room, text))["seq"])
        answer = await socket.call("sendMessage", message(self.room, text))
        assert "error" not in answer, answer
        return int(answer["seq"])

    async def judge(self) -> None:
        for person in (self.alice, self.bob, self.mallory):
            self.expected.secret(person.token or "")
            self.expected.secret(person.password)
        if self.is_room_judged:
            page = await self.alice.page(self.room, limit=200)
            stored = [entry["content"] for entry in page["messages"] if entry.get("content")]
            assert stored == self.named[-len(stored) :] if stored else not self.named, stored
            members = await self.alice.call("GET", f"/api/social/chatrooms/{self.room}/members")
            assert {member["user"]["id"] for member in members["members"]} == {self.alice.id, self.bob.id}
            room = await self.alice.call("GET", f"/api/social/chatrooms/{self.room}")
            assert room["name"] == "R" and room["role"] == "owner"
        chatrooms = (await self.mallory.call("GET", "/api/social/chatrooms"))["chatrooms"]
        assert self.room not in {chatroom["id"] for chatroom in chatrooms}
        assert (await self.mallory.call("GET", "/api/social/friends"))["friends"] == []


def message(chatroom: int, content: str, client_id: str | None = None, **more: object) -> dict[str, object]:
    """The payload of `sendMessage`."""
    body = {"type": "text", "content": content, **more}
    return {"chatroomId": chatroom, "clientId": client_id or str(uuid.uuid4()), "message": body}


@pytest.fixture
async def cast(aftermath: Expected, edge: str) -> AsyncIterator[Cast]:
    async with AsyncExitStack() as stack:
        alice, bob, mallory = [
            await stack.enter_async_context(await Person.register(edge, name)) for name in ("alice", "bob", "mallory")
        ]
        await alice.befriend(bob)
        cast = Cast(alice, bob, mallory, await alice.group("R", bob), aftermath)
        yield cast
        await cast.judge()


@pytest.fixture
async def anon(aftermath: Expected, edge: str) -> AsyncIterator[Person]:
    """Somebody without a token."""
    async with Person.anonymous(edge) as person:
        yield person
