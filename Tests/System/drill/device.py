"""One device of one person: a real Socket.IO client that keeps its cursors, comes back through any Gateway, and writes
down what it does and is told.

    connect  device user session gateway transports cursors    open, ready (chatrooms), close: what became of it
    entry    device user session room seq kind: message (body, sender, client, recalled) or change (action, userId, …)
    send     id room user device attempt body       then ack (seq), refused (code) or unknown; also unanswered
    leave    device room      then left             join, joined (head)
"""

import asyncio
import random
import uuid
from dataclasses import dataclass, field
from typing import Any

import socketio

from teahouse import Person

from .journal import Journal
from .wishes import Wishes

# After these a message may be stored or not: it is sent again, with the same client id.
NOT_NOW = {"unavailable", "too_many_requests", "internal_error"}


@dataclass
class Outgoing:
    """A message on its way: until it is acknowledged or refused somebody must send it again."""

    id: str
    room: int
    body: str
    attempts: int = 0
    under_way: bool = False


@dataclass
class Outbox:
    """What a person has sent, shared by their devices: what one does not know, another asks."""

    person: Person
    waiting: dict[str, Outgoing] = field(default_factory=dict)
    done: list[Outgoing] = field(default_factory=list)
    count: int = 0

    @property
    def name(self) -> str:
        return self.person.user["nickname"].lower()

    def write(self, room: int) -> Outgoing:
        self.count += 1
        message = Outgoing(str(uuid.uuid4()), room, f"{self.name} says {self.count}")
        self.waiting[message.id] = message
        return message


class Session:
    """One connection, from CONNECT to its end. What comes later is of no one's business."""

    def __init__(self, device: "Device", number: int) -> None:
        self.device = device
        self.number = number
        self.is_open = False
        self.is_ready = asyncio.Event()
        self.closed: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.declined: set[int] = set()
        self.io = socketio.AsyncClient(reconnection=False, request_timeout=8)
        self.io.on("connect", self._connected)
        self.io.on("disconnect", lambda *_: self.end("lost"))
        self.io.on("*", self._received)

    def _connected(self) -> None:
        if not self.closed.done():
            self.is_open = True
            self.device.note("open", session=self.number)

    def end(self, why: str) -> None:
        if not self.closed.done():
            self.closed.set_result(why)
            self.device.note("close", session=self.number, why=why)

    def _received(self, event: str, *arguments: Any) -> None:
        payload = arguments[0] if arguments else {}
        if self.closed.done():
            return
        if event == "ready":
            self.device.take_ready(self, payload)
        elif event in ("message", "change"):
            self.device.take_entry(self, event, payload)

    async def call(self, event: str, payload: dict[str, Any]) -> dict[str, Any] | None:
        """The acknowledgement; `None` if the connection ended before, or none came in time."""
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        try:
            await self.io.emit(event, payload, callback=lambda *it: answer.done() or answer.set_result(it[0]))
        except socketio.exceptions.SocketIOError:
            return None
        await asyncio.wait({answer, self.closed}, timeout=12, return_when=asyncio.FIRST_COMPLETED)
        return answer.result() if answer.done() else None


class Device:
    def __init__(
        self, name: str, outbox: Outbox, person: Person, gateways: list[str], histories: list[str], journal: Journal,
        seed: str, acks_move_cursors: bool
    ) -> None:
        self.name = name
        self.outbox = outbox
        # Signed in on this device.
        self.person = person
        self.login: str | None = None
        self.is_signed_out = False
        self.gateways = gateways
        self.journal = journal
        self.random = random.Random(f"{seed}-{name}")
        self.wishes = Wishes(name, self.random, self.note, histories)
        # A mistake that the checker must find: see planted.py.
        self.acks_move_cursors = acks_move_cursors
        self.cursors: dict[int, int] = {}
        self.rooms: set[int] = set()
        # All it was ever in.
        self.visited: set[int] = set()
        self.epoch: str | None = None
        self.session: Session | None = None
        self.sessions = 0
        self.is_talking = True
        self.news = asyncio.Event()
        self.tasks: set[asyncio.Task[None]] = set()

    def note(self, op: str, **fields: Any) -> None:
        self.journal.note(op, device=self.name, user=self.person.id, **fields)
        self.news.set()

    # What it is told

    def take_ready(self, session: Session, ready: dict[str, Any]) -> None:
        self.login = ready["session"]
        self.note(
            "ready", session=session.number, login=self.login, node=ready["node"], chatrooms=ready["chatrooms"])
        self.epoch = ready["epoch"]
        self.rooms = {chatroom["id"] for chatroom in ready["chatrooms"]}
        self.visited |= self.rooms
        for chatroom in ready["chatrooms"]:
            cursor = self.cursors.get(chatroom["id"])
            if cursor is None or chatroom.get("behind"):
                self.cursors[chatroom["id"]] = chatroom["head"]
            else:
                self.cursors[chatroom["id"]] = max(cursor, chatroom["from"] - 1)
        session.is_ready.set()

    def take_entry(self, session: Session, event: str, entry: dict[str, Any]) -> None:
        room, seq = entry["chatroomId"], entry["seq"]
        if event == "message":
            sender = entry["sender"]["id"]
            what = {"kind": "message", "body": entry["content"], "sender": sender, "client": entry["clientId"]}
            what |= {"recalled": True} if entry.get("recalled") else {}
            self.wishes.heard.append((room, seq, sender))
        else:
            what = {name: entry.get(name) for name in ("kind", "action", "userId", "target", "emoji", "added")}
            what |= {"body": entry["content"]} if entry["kind"] == "edit" else {}
        self.note("entry", session=session.number, room=room, seq=seq, **what)
        if what.get("userId") == self.person.id and what.get("action") in ("added", "removed"):
            (self.rooms.add if what["action"] == "added" else self.rooms.discard)(room)
        self.cursors[room] = max(self.cursors.get(room, 0), seq)

    # What it does

    async def connect(self) -> bool:
        """Whether a session is open and ready."""
        self.sessions += 1
        session = Session(self, self.sessions)
        transports = self.random.choice([["websocket"], ["polling", "websocket"], ["polling"]])
        gateway = self.random.randrange(len(self.gateways))
        cursors = {str(room): seq for room, seq in self.cursors.items()}
        auth = {"token": self.person.token, "cursors": cursors, **({"epoch": self.epoch} if self.epoch else {})}
        self.note("connect", session=session.number, gateway=gateway + 1, transports=transports, cursors=cursors)
        self.session = session
        try:
            async with asyncio.timeout(10):
                await session.io.connect(
                    self.gateways[gateway], transports=transports, auth=auth, wait_timeout=8)
            # A close that came together with the CONNECT the client has not noticed.
            if session.io.eio.state != "connected":
                session.end("lost")
            ready = asyncio.ensure_future(session.is_ready.wait())
            await asyncio.wait({ready, session.closed}, timeout=16, return_when=asyncio.FIRST_COMPLETED)
            ready.cancel()
        except (socketio.exceptions.SocketIOError, TimeoutError, OSError):
            pass
        if not session.is_ready.is_set():
            await self.disconnect("never ready")
        return session.is_ready.is_set() and not session.closed.done()

    async def disconnect(self, why: str) -> None:
        session, self.session = self.session, None
        if session is None:
            return
        session.end(why)
        try:
            async with asyncio.timeout(2):
                await session.io.disconnect()
        except Exception:  # noqa: BLE001 the server may be dead or stopped; the client is thrown away
            pass
        http = session.io.eio.http
        if http and not http.closed:
            await http.close()

    async def sign_in(self) -> bool:
        try:
            async with asyncio.timeout(10):
                await self.person.sign_in(self.name)
        except Exception:  # noqa: BLE001 Auth may be dead; it is tried again
            return False
        self.is_signed_out = False
        return True

    @property
    def is_live(self) -> bool:
        session = self.session
        return session is not None and session.is_ready.is_set() and not session.closed.done()

    async def live(self) -> None:
        """Connects whenever it is not connected, and talks while it may."""
        while True:
            if not self.is_live:
                await self.disconnect("lost")
                # One who is signed out knocks once with the token of before, and signs in when that is refused.
                if not await self.connect() and not (self.is_signed_out and await self.sign_in()):
                    await asyncio.sleep(self.random.uniform(0.1, 0.5))
                continue
            await asyncio.wait({self.session.closed}, timeout=self.random.expovariate(4))
            if self.is_live:
                await self.act(self.session)

    async def act(self, session: Session) -> None:
        unknown = [message for message in self.outbox.waiting.values() if not message.under_way]
        if not self.is_talking:
            for room in list(session.declined):
                await self.rejoin(session, room)
            for message in unknown:
                self.begin(self.send(session, message))
            return
        choice = self.random.random()
        if choice < 0.12:
            self.begin(self.wishes.change(self.person))
        elif choice < 0.15 and self.visited:
            self.begin(self.wishes.look(self.person, sorted(self.visited)))
        elif unknown and choice < 0.5:
            self.begin(self.send(session, self.random.choice(unknown)))
        elif choice < 0.72:
            if len(self.tasks) < 6 and self.rooms:
                self.begin(self.send(session, self.outbox.write(self.random.choice(sorted(self.rooms)))))
        elif choice < 0.80 and self.outbox.done:
            # The same client id again, long after: the same answer, for ever.
            self.begin(self.send(session, self.random.choice(self.outbox.done)))
        elif choice < 0.90:
            self.begin(self.read())
        elif choice < 0.95 and self.rooms:
            room = self.random.choice(sorted(self.rooms))
            await (self.rejoin(session, room) if room in session.declined else self.leave(session, room))
        elif choice < 0.985:
            await self.disconnect("goes")

    def begin(self, work: Any) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def send(self, session: Session, message: Outgoing) -> None:
        message.under_way = True
        message.attempts += 1
        common = {
            "id": message.id, "room": message.room, "attempt": message.attempts, "session": session.number}
        self.note("send", body=message.body, **common)
        answer = await session.call(
            "sendMessage",
            {
                "chatroomId": message.room,
                "clientId": message.id,
                "message": {"type": "text", "content": message.body},
            },
        )
        message.under_way = False
        code = answer["error"]["code"] if answer and "error" in answer else None
        if answer is None and not session.closed.done():
            self.note("unanswered", what="a send has no answer after 12 s on an open socket", **common)
        if answer is None or code in NOT_NOW:
            return self.note("unknown", code=code, **common)
        if code is None:
            self.note("ack", seq=answer["seq"], **common)
            if self.acks_move_cursors:
                self.cursors[message.room] = max(self.cursors.get(message.room, 0), answer["seq"])
        else:
            self.note("refused", code=code, **common)
        if self.outbox.waiting.pop(message.id, None) and code is None:
            self.outbox.done.append(message)
        self.news.set()

    async def say(self, room: int) -> None:
        """Something new, and its answer awaited."""
        assert self.session
        await self.send(self.session, self.outbox.write(room))

    async def leave(self, session: Session, room: int) -> None:
        session.declined.add(room)
        self.note("leave", room=room)
        answer = await session.call("leaveRoom", {"chatroomId": room})
        if answer is None or "error" in answer:
            # It may be done still, or not: what is told until then would be told again.
            return await self.disconnect("no answer")
        self.note("left", room=room)

    async def rejoin(self, session: Session, room: int) -> None:
        self.note("join", room=room, after=self.cursors.get(room))
        answer = await session.call("joinRoom", {"chatroomId": room, "after": self.cursors.get(room)})
        if answer is None or answer.get("error", {}).get("code") in NOT_NOW:
            return await self.disconnect("no answer")
        session.declined.discard(room)
        self.news.set()
        if "error" not in answer:
            self.note("joined", room=room, head=answer["head"])

    async def read(self) -> None:
        """Says by REST that a chatroom was read up to where this device holds it, or somewhat less."""
        if not self.rooms:
            return
        room = self.random.choice(sorted(self.rooms))
        seq = max(0, self.cursors.get(room, 0) - self.random.choice([0, 0, 1, 5]))
        call = str(uuid.uuid4())
        self.note("read", id=call, room=room, seq=seq)
        try:
            async with asyncio.timeout(10):
                path = f"/api/history/chatrooms/{room}/cursor"
                status, answer, _ = await self.person.ask("PUT", path, json={"seq": seq})
            if status == 200:
                self.note("cursor", id=call, room=room, seq=answer["seq"], unread=answer["unread"])
        except Exception:  # noqa: BLE001 whatever it is, nothing is known
            pass
