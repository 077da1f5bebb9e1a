"""The two stock clients, JavaScript in Chromium and python-socketio, against the protocol server: what both mean by
connecting, events, acknowledgements, binary and namespaces comes out of the Gateway's own transports."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import socketio
from playwright.async_api import Browser

from stock import stock_page

TRANSPORTS = [["polling"], ["websocket"], ["polling", "websocket"]]
EVENT = [1, "two 茶 \u2028", {"three": [None, True, 4.5]}]

# Everything, in one page; what binary it gets it tells as lists.
TALK = """
async ({ transports, event }) => {
    const plain = (value) => value instanceof ArrayBuffer ? { bytes: [...new Uint8Array(value)] }
        : Array.isArray(value) ? value.map(plain)
        : value && typeof value === "object" ? Object.fromEntries(Object.entries(value).map(([k, v]) => [k, plain(v)]))
        : value
    const open = async (name, auth) => {
        const socket = io(name, { transports, auth })
        const first = (event) => new Promise((done) => socket.once(event, (...values) => done(plain(values))))
        const told = first("auth")
        const error = await new Promise((done) => {
            socket.once("connect", () => done(null))
            socket.once("connect_error", done)
        })
        return { socket, first, told, error }
    }
    const bytes = new Uint8Array([0, 1, 127, 128, 254, 255])
    const large = new Uint8Array(200000).map((_, i) => i % 251)
    const { socket, first, told } = await open("/", { token: "茶" })
    const engine = socket.io.engine
    if (transports.length > 1 && engine.transport.name !== transports.at(-1)) {
        await new Promise((done) => engine.once("upgrade", done))
    }
    const found = { auth: await told }
    const back = first("message-back")
    socket.emit("message", ...event)
    found.event = await back
    const answer = (...values) => new Promise((done) => socket.emit("message-with-ack", ...values, (...it) => done(plain(it))))
    found.acknowledgement = await answer(...event)
    const binaryBack = first("message-back")
    socket.emit("message", bytes, { deep: [bytes] })
    found.binary = await binaryBack
    found.binaryAcknowledgement = await answer(bytes, { deep: [bytes] })
    found.largeIsWhole = (await answer(large))[0].bytes.every((byte, i) => byte === i % 251)
    socket.on("question", (...values) => values.pop()({ heard: values }))
    const [said] = [first("answer"), socket.emit("ask", ...event)]
    found.asked = await said
    const [saidBinary] = [first("answer"), socket.emit("ask", bytes)]
    found.askedBinary = await saidBinary
    const burst = []
    socket.on("message-back", (number) => burst.push(number))
    for (let number = 0; number < 200; number++) socket.emit("message", number)
    await answer()
    found.burst = burst
    const custom = await open("/custom", { token: "another" })
    found.custom = await custom.told
    found.isShared = custom.socket.io.engine === engine
    custom.socket.emit("message", "there")
    found.customEvent = await custom.first("message-back")
    custom.socket.disconnect()
    found.unknown = (await open("/unknown")).error.message
    found.stillThere = await answer("yes")
    found.transport = engine.transport.name
    socket.disconnect()
    return found
}
"""


@pytest.fixture
async def server() -> AsyncIterator[str]:
    """The protocol server, with pings that a busy machine answers in time."""
    process = await asyncio.create_subprocess_exec(
        Path(os.environ["TEAHOUSE_STATE"]) / "bin" / "ProtocolServer",
        *("--port", "0", "--ping-interval", "2000", "--ping-timeout", "20000", "--connect-timeout", "20000"),
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stdout
        async with asyncio.timeout(20):
            line = await process.stdout.readline()
        yield f"http://127.0.0.1:{int(line.split()[-1])}"
    finally:
        process.terminate()
        await process.wait()


@pytest.mark.parametrize("transports", TRANSPORTS, ids="+".join)
async def test_the_javascript_client(browser: Browser, server: str, transports: list[str]) -> None:
    page = await stock_page(browser, server)
    async with asyncio.timeout(60):
        found = await page.evaluate(TALK, {"transports": transports, "event": EVENT})
    bytes_ = {"bytes": [0, 1, 127, 128, 254, 255]}
    assert found == {
        "auth": [{"token": "茶"}],
        "event": EVENT,
        "acknowledgement": EVENT,
        "binary": [bytes_, {"deep": [bytes_]}],
        "binaryAcknowledgement": [bytes_, {"deep": [bytes_]}],
        "largeIsWhole": True,
        "asked": [[{"heard": EVENT}]],
        "askedBinary": [[{"heard": [bytes_]}]],
        "burst": list(range(200)),
        "custom": [{"token": "another"}],
        "isShared": True,
        "customEvent": ["there"],
        "unknown": "Invalid namespace",
        "stillThere": ["yes"],
        "transport": transports[-1],
    }


class Talk:
    """One python client, and the next event of each name."""

    def __init__(self) -> None:
        self.io = socketio.AsyncClient(reconnection=False)
        self.events: dict[tuple[str, str], asyncio.Queue[list[Any]]] = {}
        for namespace in ("/", "/custom"):
            for name in ("auth", "message-back", "answer"):
                queue = self.events[namespace, name] = asyncio.Queue()
                self.io.on(name, lambda *values, queue=queue: queue.put_nowait(list(values)), namespace=namespace)
        self.io.on("question", lambda *values: {"heard": list(values)})

    async def next(self, name: str, namespace: str = "/") -> list[Any]:
        async with asyncio.timeout(20):
            return await self.events[namespace, name].get()


@pytest.mark.parametrize("transports", TRANSPORTS, ids="+".join)
async def test_the_python_client(server: str, transports: list[str]) -> None:
    talk = Talk()
    data = bytes([0, 1, 127, 128, 254, 255])
    large = bytes(number % 251 for number in range(200_000))
    await talk.io.connect(
        server, transports=transports, auth={"token": "茶"}, namespaces=["/", "/custom"], wait_timeout=10)
    try:
        assert talk.io.transport() == transports[-1]
        assert await talk.next("auth") == await talk.next("auth", "/custom") == [{"token": "茶"}]
        await talk.io.emit("message", tuple(EVENT))
        assert await talk.next("message-back") == EVENT
        assert await talk.io.call("message-with-ack", tuple(EVENT)) == tuple(EVENT)
        await talk.io.emit("message", (data, {"deep": [data]}))
        assert await talk.next("message-back") == [data, {"deep": [data]}]
        assert await talk.io.call("message-with-ack", (data, {"deep": [data]})) == (data, {"deep": [data]})
        assert await talk.io.call("message-with-ack", large) == large
        for asked in (EVENT, [data]):
            await talk.io.emit("ask", tuple(asked))
            assert await talk.next("answer") == [[{"heard": asked}]]
        for number in range(200):
            await talk.io.emit("message", number)
        assert [await talk.next("message-back") for _ in range(200)] == [[number] for number in range(200)]
        await talk.io.emit("message", "there", namespace="/custom")
        assert await talk.next("message-back", "/custom") == ["there"]
    finally:
        await talk.io.disconnect()


@pytest.mark.parametrize("transports", TRANSPORTS, ids="+".join)
async def test_the_python_client_is_told_that_there_is_no_such_namespace(server: str, transports: list[str]) -> None:
    client = socketio.AsyncClient(reconnection=False)
    errors: asyncio.Queue[Any] = asyncio.Queue()
    client.on("connect_error", errors.put_nowait, namespace="/unknown")
    with pytest.raises(socketio.exceptions.ConnectionError):
        await client.connect(server, transports=transports, namespaces=["/unknown"], wait_timeout=10)
    assert errors.get_nowait()["message"] == "Invalid namespace"
    await client.disconnect()
