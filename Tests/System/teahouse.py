"""People and their clients, as tests use them: REST by aiohttp, Socket.IO by the independent python client."""

import asyncio
import time
import uuid
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import socketio

Payload = dict[str, Any]


class Refused(Exception):
    """The error body of an answer that was not the expected one."""

    def __init__(self, what: str, status: int, body: Any) -> None:
        super().__init__(f"{what}: {status} {body}")
        self.status = status
        self.body = body


class Person:
    """Somebody with an account, and the calls they make through one address."""

    def __init__(self, address: str, session: aiohttp.ClientSession) -> None:
        self.address = address
        self.session = session
        self.token: str | None = None
        self.user: Payload = {}
        self.password = "correct horse battery"

    @staticmethod
    def anonymous(address: str, source: str | None = None) -> "Person":
        """Nobody yet, who calls from `source`: with one of their own, what they do wrong counts for nobody else."""
        timeout = aiohttp.ClientTimeout(total=30)
        connector = aiohttp.TCPConnector(local_addr=(source, 0) if source else None)
        session = aiohttp.ClientSession(timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), connector=connector)
        return Person(address, session)

    @staticmethod
    async def register(address: str, name: str) -> "Person":
        person = Person.anonymous(address)
        username = f"{name}-{uuid.uuid4().hex[:10]}"
        body = {"username": username, "password": person.password, "nickname": name.capitalize()}
        answer = await person.call("POST", "/api/auth/register", json=body, expect=201)
        person.user, person.token = answer["user"], answer["token"]
        return person

    async def again(self, device: str) -> "Person":
        """Signed in once more, in a session of its own."""
        other = Person.anonymous(self.address)
        other.user, other.password = self.user, self.password
        try:
            await other.sign_in(device)
        except BaseException:
            await other.session.close()
            raise
        return other

    async def sign_in(self, device: str) -> None:
        body = {"username": self.username, "password": self.password, "device": device}
        self.token = None
        self.token = (await self.call("POST", "/api/auth/login", json=body))["token"]

    async def __aenter__(self) -> "Person":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.session.close()

    @property
    def id(self) -> int:
        return self.user["id"]

    @property
    def username(self) -> str:
        return self.user["username"]

    async def call(self, method: str, path: str, *, expect: int | None = 200, **options: Any) -> Any:
        """The answer's JSON, or its bytes where it is something else; anything but `expect` is refused."""
        status, body, _ = await self.ask(method, path, **options)
        if expect is not None and status != expect:
            raise Refused(f"{method} {path}", status, body)
        return body

    async def ask(self, method: str, path: str, **options: Any) -> tuple[int, Any, Any]:
        """Status, body and headers, whatever they are. `address`: another than the edge's, of one service."""
        headers, address = options.pop("headers", {}), options.pop("address", self.address)
        if self.token:
            headers = {"authorization": f"Bearer {self.token}", **headers}
        async with self.session.request(method, address + path, headers=headers, **options) as response:
            if response.headers.get("token"):
                self.token = response.headers["token"]
            if response.content_type == "application/json":
                return response.status, await response.json(), response.headers
            return response.status, await response.read(), response.headers

    async def befriend(self, other: "Person") -> None:
        request = await self.call(
            "POST", "/api/social/friend-requests", json={"userId": other.id, "reason": "tea?"}, expect=201
        )
        agreed = await other.call("POST", f"/api/social/friend-requests/{request['id']}/agree")
        assert agreed["status"] == "agreed"

    async def direct(self, other: "Person") -> int:
        return (await self.call("PUT", f"/api/social/chatrooms/direct/{other.id}"))["id"]

    async def group(self, name: str, *members: "Person") -> int:
        body = {"name": name, "memberIds": [member.id for member in members]}
        return (await self.call("POST", "/api/social/chatrooms", json=body, expect=201))["id"]

    async def page(self, chatroom: int, **query: int) -> Payload:
        return await self.call("GET", f"/api/history/chatrooms/{chatroom}/messages", params=query)


class SocketClient:
    """One python-socketio client, with everything it was told, in the order in which it came.

    With `keep_cursors` it behaves as a real client does: each (re)connection tells up to where it holds each log.
    """

    def __init__(
        self,
        person: Person,
        address: str,
        transports: list[str] | None = None,
        cursors: dict[int, int] | None = None,
        keep_cursors: bool = False,
        reconnection: bool = False,
    ) -> None:
        self.person = person
        self.address = address
        self.transports = transports or ["polling", "websocket"]
        self.cursors = dict(cursors or {})
        self.keep_cursors = keep_cursors
        self.readies: list[Payload] = []
        self.events: list[tuple[str, Payload]] = []
        self.disconnections = 0
        self.changed = asyncio.Condition()
        self.io = socketio.AsyncClient(
            reconnection=reconnection, reconnection_delay=0.2, reconnection_delay_max=1, request_timeout=15
        )
        self.io.on("disconnect", self._disconnected)
        self.io.on("*", self._received)

    @property
    def ready(self) -> Payload:
        return self.readies[-1]

    @property
    def transport(self) -> str:
        return self.io.transport()

    def _auth(self) -> Payload:
        auth: Payload = {"token": self.person.token}
        if self.cursors:
            auth["cursors"] = {str(id): seq for id, seq in self.cursors.items()}
            if self.readies:
                auth["epoch"] = self.ready["epoch"]
        return auth

    async def open(self, timeout: float = 20) -> None:
        await self.io.connect(self.address, transports=self.transports, auth=self._auth, wait_timeout=10)
        await self.until(lambda: bool(self.readies), timeout)

    async def close(self) -> None:
        await self.io.disconnect()

    async def send(self, chatroom: int, content: str, client_id: str | None = None, **message: Any) -> Payload:
        """The acknowledgement, whatever it says."""
        body = {
            "chatroomId": chatroom,
            "clientId": client_id or str(uuid.uuid4()),
            "message": {"type": "text", "content": content, **message},
        }
        return await self.io.call("sendMessage", body, timeout=20)

    async def say(self, chatroom: int, content: str, client_id: str | None = None, **message: Any) -> Payload:
        """The receipt of a message that is stored."""
        answer = await self.send(chatroom, content, client_id, **message)
        assert "error" not in answer, answer
        return answer

    async def say_many(self, chatroom: int, count: int, text: str = "message number {}", together: int = 32) -> None:
        """So many at once as the server takes without a word; in their order only as it stores them."""
        turns = asyncio.Semaphore(together)

        async def say(number: int) -> None:
            async with turns:
                await self.say(chatroom, text.format(number))

        await asyncio.gather(*(say(number) for number in range(count)))

    def entries(self, chatroom: int) -> list[Payload]:
        """Messages and changes of a chatroom, as they came."""
        return [
            payload
            for name, payload in self.events
            if name in ("message", "change") and payload["chatroomId"] == chatroom
        ]

    def seqs(self, chatroom: int) -> list[int]:
        return [entry["seq"] for entry in self.entries(chatroom)]

    def messages(self, chatroom: int) -> list[Payload]:
        return [entry for entry in self.entries(chatroom) if "kind" not in entry]

    def told(self, event: str) -> list[Payload]:
        return [payload for name, payload in self.events if name == event]

    async def until(self, holds: Callable[[], bool], timeout: float = 20) -> None:
        """Waits for what events bring about."""
        async with self.changed:
            async with asyncio.timeout(timeout):
                await self.changed.wait_for(holds)

    async def until_seq(self, chatroom: int, seq: int, timeout: float = 20) -> None:
        try:
            await self.until(lambda: seq in self.seqs(chatroom)[-64:], timeout)
        except TimeoutError:
            raise AssertionError(f"{seq} has not come; last were {self.seqs(chatroom)[-5:]}") from None

    async def _received(self, event: str, *arguments: Any) -> None:
        payload = arguments[0] if arguments else {}
        async with self.changed:
            if event == "ready":
                self.readies.append(payload)
            else:
                self.events.append((event, payload))
            if self.keep_cursors and event in ("message", "change"):
                id, seq = payload["chatroomId"], payload["seq"]
                if seq == self.cursors.get(id, 0) + 1:
                    self.cursors[id] = seq
            self.changed.notify_all()

    async def _disconnected(self, *_: Any) -> None:
        async with self.changed:
            self.disconnections += 1
            self.changed.notify_all()


class Control:
    """Kills and starts parts of the running system."""

    def __init__(self, script: str) -> None:
        self.script = script

    async def __call__(self, action: str, part: str) -> str:
        process = await asyncio.create_subprocess_exec(
            self.script, action, part, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        async with asyncio.timeout(60):
            output, _ = await process.communicate()
        assert process.returncode == 0, f"{self.script} {action} {part}: {output.decode(errors='replace')}"
        return output.decode(errors="replace").strip()


async def eventually(check: Callable[[], Awaitable[Any]], within: float = 30) -> Any:
    """The first answer of `check` that is true, for what no event tells. What it raises counts as "not yet"."""
    deadline = time.monotonic() + within
    while True:
        problem: Exception | None = None
        try:
            answer = await check()
            if answer:
                return answer
        except Exception as error:  # noqa: BLE001 whatever it is, the deadline decides
            problem = error
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {within} s") from problem
        await asyncio.sleep(0.1)


def in_order(seqs: list[int], first: int = 1) -> None:
    """Each entry once, none missing, each after the one before."""
    expected = list(range(first, first + len(seqs)))
    if seqs != expected:
        at = next(index for index, (is_, should) in enumerate(zip(seqs, expected)) if is_ != should)
        raise AssertionError(f"at {at}: {seqs[max(0, at - 3):at + 5]} instead of {expected[max(0, at - 3):at + 5]}")
