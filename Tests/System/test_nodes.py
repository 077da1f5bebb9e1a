"""No sticky sessions: whatever node a balancer takes, requests reach their session's owner."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Browser

from balancer import request_balancer
from conftest import Connect, Register
from stock import StockChat
from teahouse import in_order


class Balancer:
    """Takes each TCP connection to the next address by turns, and the bytes of both sides back and forth."""

    def __init__(self, addresses: list[str]) -> None:
        self.turns = itertools.cycle((url.hostname, url.port) for url in map(urlsplit, addresses))
        self.connections = 0
        self.tasks: set[asyncio.Task[None]] = set()
        self.server: asyncio.Server | None = None

    async def open(self) -> str:
        self.server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        host, port = self.server.sockets[0].getsockname()
        return f"http://{host}:{port}"

    async def close(self) -> None:
        assert self.server
        self.server.close()
        for task in list(self.tasks):
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        self.connections += 1
        there = None
        try:
            there_reader, there = await asyncio.open_connection(*next(self.turns))
            one = asyncio.ensure_future(self._pump(reader, there))
            other = asyncio.ensure_future(self._pump(there_reader, writer))
            await asyncio.wait({one, other}, return_when=asyncio.FIRST_COMPLETED)
            # The other direction has what is left of it; it ends by its own side's close.
            await asyncio.wait({one, other}, timeout=1)
            one.cancel()
            other.cancel()
        finally:
            writer.close()
            if there:
                there.close()

    @staticmethod
    async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
        try:
            while data := await source.read(65536):
                target.write(data)
                await target.drain()
            target.write_eof()
        except (OSError, RuntimeError):
            pass


@pytest.fixture
async def balancer(gateways: list[str]) -> AsyncIterator[tuple[Balancer, str]]:
    balancer = Balancer(gateways)
    address = await balancer.open()
    yield balancer, address
    await balancer.close()


@pytest.mark.timeout(120)
@pytest.mark.parametrize("transports", [["polling"], ["polling", "websocket"], ["websocket"]])
async def test_round_robin_without_stickiness(
    transports: list[str], register: Register, connect: Connect, balancer: tuple[Balancer, str]
) -> None:
    """Stock clients through a balancer that knows nothing of sessions: all acknowledged, all received, in order."""
    count = 100
    turns, address = balancer
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    clients = [await connect(person, address, transports=transports) for person in (ann, bob)]
    # Beside them others, so that connections of each kind reach both nodes.
    for _ in range(3):
        clients.append(await connect(bob, address, transports=transports))

    async def talk(number: int) -> None:
        for message in range(count):
            await clients[number].say(room, f"{number} {message}")

    await asyncio.gather(talk(0), talk(1))
    for client in clients:
        await client.until_seq(room, 2 * count, 60)
        in_order(client.seqs(room)[-2 * count :])
        assert client.transport == transports[-1]
        assert client.disconnections == 0
    if transports == ["websocket"]:
        assert {client.ready["node"] for client in clients} == {"g1", "g2"}
    elif transports == ["polling"]:
        # Each needed a second connection, which went to the node that its first one had not gone to. (An upgrade may
        # come on the connection of the handshake: through the other node it is a test of SocketsTests.)
        assert turns.connections >= 2 * len(clients)


@pytest.mark.timeout(120)
@pytest.mark.parametrize("transports", [["polling"], ["polling", "websocket"], ["websocket"]], ids="+".join)
async def test_each_request_to_another_node(
    transports: list[str], browser: Browser, register: Register, connect: Connect, gateways: list[str]
) -> None:
    """The stock JavaScript and python clients: requests and upgrades surely come to the wrong node, and no one notices."""
    count = 50
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    async with request_balancer(gateways) as (balancer, address):
        chat = await StockChat.open(browser, address, ann, transports)
        client = await connect(bob, address, transports=transports)
        await chat.until(f"chat.transport() === {transports[-1]!r}")
        assert {(await chat.has("nodes"))[0], client.ready["node"]} == {"g1", "g2"}
        for number in range(count):
            receipts = await asyncio.gather(chat.say(room, f"page {number}"), client.say(room, f"client {number}"))
            assert {receipt["seq"] for receipt in receipts} == {2 * number + 1, 2 * number + 2}
        await chat.until(f"chat.seqs.length >= {2 * count}")
        await client.until_seq(room, 2 * count)
        for seqs in (await chat.has("seqs"), client.seqs(room)):
            in_order(seqs)
            assert len(seqs) == 2 * count
        assert (len(await chat.has("nodes")), client.disconnections, client.transport) == (1, 0, transports[-1])
        for kind in {"polling": ["GET", "POST"], "websocket": ["WebSocket"]}[transports[-1]]:
            assert balancer.astray[kind] >= (2 if "polling" in transports else 0), balancer.astray
        await client.close()
        await chat.page.close()
