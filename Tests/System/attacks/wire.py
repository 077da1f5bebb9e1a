"""HTTP and WebSocket as bytes on a TCP connection: what stock clients would never send."""

import asyncio
import base64
import json
import os
import socket
import struct
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

POLLING = "/socket.io/?EIO=4&transport=polling"
WEBSOCKET = "/socket.io/?EIO=4&transport=websocket"


@dataclass
class Answer:
    status: int
    headers: list[tuple[str, str]]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        return next((value for key, value in self.headers if key.lower() == name), None)

    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One TCP connection. Reading ends with what the server closes; nothing waits longer than `patience` seconds."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, host: str) -> None:
        self.reader = reader
        self.writer = writer
        self.host = host
        self.patience = 20.0

    @classmethod
    async def open(cls, address: str, receive_buffer: int | None = None, source: str | None = None) -> Self:
        """`source`: another address of this machine's loopback to come from."""
        url = urlsplit(address)
        tcp = socket.socket()
        tcp.setblocking(False)
        if source:
            tcp.bind((source, 0))
        if receive_buffer:
            tcp.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        await asyncio.get_running_loop().sock_connect(tcp, (url.hostname, url.port))
        tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # A small limit: asyncio stops reading when twice of it is unread, so that a test can refuse to take bytes.
        reader, writer = await asyncio.open_connection(sock=tcp, limit=64 * 1024)
        return cls(reader, writer, f"{url.hostname}:{url.port}")

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.writer.transport.abort()

    async def send(self, data: bytes) -> None:
        """What the server refuses to take is lost: its answer, or its silence, is what counts."""
        try:
            self.writer.write(data)
            async with asyncio.timeout(self.patience):
                await self.writer.drain()
        except ConnectionError:
            pass

    async def read(self, count: int) -> bytes:
        """Raises `EOFError` where the connection ends before."""
        try:
            # Of Python's errors `TimeoutError` is no `ConnectionError`: a server that says nothing fails the test.
            async with asyncio.timeout(self.patience):
                return await self.reader.readexactly(count)
        except ConnectionError as error:
            raise EOFError from error

    async def rest(self) -> bytes:
        """Whatever comes until the server closes."""
        parts: list[bytes] = []
        try:
            async with asyncio.timeout(self.patience):
                while part := await self.reader.read(1 << 16):
                    parts.append(part)
        except ConnectionError:
            pass
        return b"".join(parts)

    # HTTP

    async def request(
        self, method: str, target: str, *headers: str, body: bytes | None = None, host: str | None = None
    ) -> None:
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host or self.host}", *headers]
        if body is not None:
            lines.append(f"Content-Length: {len(body)}")
        # Latin-1: what stands in a test as U+0080 … U+00FF goes out as that one byte.
        await self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + (body or b""))

    async def answer(self, method: str = "GET") -> Answer:
        """The next answer on this connection: to HEAD it has no body, whatever its headers say."""
        try:
            async with asyncio.timeout(self.patience):
                head = await self.reader.readuntil(b"\r\n\r\n")
        except (ConnectionError, asyncio.IncompleteReadError) as error:
            raise EOFError("the server closed without an answer") from error
        first, *lines = head.decode("latin-1").split("\r\n")[:-2]
        headers = [(name, value.strip()) for name, _, value in (line.partition(":") for line in lines)]
        answer = Answer(int(first.split(" ")[1]), headers)
        if answer.status == 100:
            return await self.answer(method)
        if method == "HEAD":
            return answer
        if answer.header("transfer-encoding"):
            while size := int((await self.reader.readuntil(b"\r\n")).split(b";")[0], 16):
                answer.body += await self.read(size)
                await self.read(2)
            await self.read(2)
        elif answer.status != 101:
            answer.body = await self.read(int(answer.header("content-length") or 0))
        return answer

    async def ask(self, method: str, target: str, *headers: str, **options: Any) -> Answer:
        await self.request(method, target, *headers, **options)
        return await self.answer(method)


async def ask(
    address: str, method: str, target: str, *headers: str, source: str | None = None, **options: Any
) -> Answer:
    """One request on a connection of its own."""
    async with await Wire.open(address, source=source) as wire:
        return await wire.ask(method, target, *headers, **options)


def frame(first: int, payload: bytes, *, masked: bool = True, length: int | None = None) -> bytes:
    """A frame whose first byte is `first`; `length` is what its header says, where that is to be untrue."""
    count = len(payload) if length is None else length
    bit = 0x80 if masked else 0
    if count < 126:
        head = struct.pack(">BB", first, bit | count)
    elif count < 1 << 16:
        head = struct.pack(">BBH", first, bit | 126, count)
    else:
        head = struct.pack(">BBQ", first, bit | 127, count)
    if not masked:
        return head + payload
    mask = os.urandom(4)
    repeated = (mask * (len(payload) // 4 + 1))[: len(payload)]
    veiled = (int.from_bytes(payload, "big") ^ int.from_bytes(repeated, "big")).to_bytes(len(payload), "big")
    return head + mask + veiled


TEXT, BINARY, CLOSE, PING = 0x81, 0x82, 0x88, 0x89


@dataclass
class WebSocket:
    """The client's end of a WebSocket with Engine.IO and Socket.IO on it, as far as a test wishes."""

    wire: Wire
    handshake: dict[str, Any] = field(default_factory=dict)
    #: The events that were read, and those of `ready`.
    events: list[tuple[str, Any]] = field(default_factory=list)
    close_code: int | None = None
    acknowledgement: int = 900_000

    @classmethod
    async def request(cls, wire: Wire, target: str = WEBSOCKET, *headers: str) -> Answer:
        key = base64.b64encode(os.urandom(16)).decode()
        return await wire.ask(
            *("GET", target, "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"),
            *(f"Sec-WebSocket-Key: {key}", *headers),
        )

    @classmethod
    async def open(cls, address: str, *headers: str, receive_buffer: int | None = None) -> "WebSocket":
        """Shaken hands over Engine.IO; no namespace is joined."""
        wire = await Wire.open(address, receive_buffer)
        answer = await cls.request(wire, WEBSOCKET, *headers)
        assert answer.status == 101, answer
        web_socket = cls(wire)
        text = await web_socket.text()
        assert text and text[0] == "0", text
        web_socket.handshake = json.loads(text[1:])
        return web_socket

    @classmethod
    async def enter(
        cls, address: str, token: str | None, *headers: str, receive_buffer: int | None = None, **payload: Any
    ) -> "WebSocket":
        """Connected to the namespace, ready, and its replay taken."""
        web_socket = await cls.open(address, *headers, receive_buffer=receive_buffer)
        await web_socket.connect(token, **payload)
        assert await web_socket.event("ready"), (web_socket.events, web_socket.close_code)
        assert await web_socket.call("sync", {"cursors": {}}) == {"heads": {}, "more": False}
        return web_socket

    async def __aenter__(self) -> "WebSocket":
        return self

    async def __aexit__(self, *arguments: Any) -> None:
        await self.wire.__aexit__(*arguments)

    # Frames

    async def next(self) -> tuple[int, bytes]:
        """Opcode and payload of the next frame; `EOFError` at the end of TCP."""
        first, second = await self.wire.read(2)
        count = second & 0x7F
        if count == 126:
            (count,) = struct.unpack(">H", await self.wire.read(2))
        elif count == 127:
            (count,) = struct.unpack(">Q", await self.wire.read(8))
        return first & 0x0F, await self.wire.read(count)

    async def say(self, text: str | bytes) -> None:
        await self.wire.send(frame(TEXT, text.encode() if isinstance(text, str) else text))

    async def text(self) -> str | None:
        """The next packet of Engine.IO that is text, pings answered; `None` once the server has closed.

        As a client of the standard does, a Close frame is answered and the end of TCP awaited.
        """
        try:
            while True:
                opcode, payload = await self.next()
                if opcode == 8:
                    self.close_code = struct.unpack(">H", payload[:2])[0] if payload else 1005
                    await self.wire.send(frame(CLOSE, payload[:2]))
                elif opcode == 1 and payload == b"2":
                    await self.say("3")
                elif opcode == 1:
                    return payload.decode()
        except EOFError:
            return None

    async def closes(self) -> int | None:
        """Reads until the server has closed; the code of its Close frame, 1005 for one without a code."""
        while (text := await self.text()) is not None:
            self._keep(text)
        return self.close_code

    # Socket.IO

    async def connect(self, token: str | None = None, **payload: Any) -> None:
        body = payload if token is None else {"token": token, **payload}
        await self.say("40" + (json.dumps(body) if body else ""))

    def _keep(self, text: str) -> tuple[str, Any] | None:
        if not text.startswith("42["):
            return None
        name, *arguments = json.loads(text[2:])
        self.events.append((name, arguments[0] if arguments else None))
        return self.events[-1]

    async def event(self, name: str) -> Any:
        """The payload of the next event of this name, `None` if the server closes before."""
        while (text := await self.text()) is not None:
            if (event := self._keep(text)) and event[0] == name:
                return event[1]
        return None

    async def packet(self, prefix: str) -> Any:
        """The JSON, an array or object, of the next packet that begins so."""
        while (text := await self.text()) is not None:
            if text.startswith((prefix + "[", prefix + "{")):
                return json.loads(text[len(prefix) :])
            self._keep(text)
        return None

    async def call(self, name: str, *arguments: Any) -> Any:
        """Emits and awaits the acknowledgement; `None` if the server closes instead."""
        self.acknowledgement += 1
        await self.say(f"42{self.acknowledgement}" + json.dumps([name, *arguments], ensure_ascii=False))
        answer = await self.packet(f"43{self.acknowledgement}")
        return answer and answer[0]

    def entries(self, chatroom: int) -> list[Any]:
        return [
            payload for name, payload in self.events if name in ("message", "change") and payload["chatroomId"] == chatroom
        ]
