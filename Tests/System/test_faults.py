"""Parts of the system die and come back: nothing acknowledged is lost, doubled or out of order."""

import asyncio
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from playwright.async_api import Browser, expect

from conftest import Arrive, Connect, Meet, Register
from stock import StockChat
from teahouse import Control, SocketClient, eventually, in_order

pytestmark = pytest.mark.timeout(240)


@asynccontextmanager
async def without(control: Control, part: str) -> AsyncIterator[None]:
    """Kills a part, and starts it again whatever happens meanwhile."""
    await control("kill", part)
    try:
        yield
    finally:
        await control("start", part)


async def say_until_stored(client: SocketClient, chatroom: int, content: str, within: float = 60) -> dict[str, object]:
    """What a real client does: the same message again until it is acknowledged."""
    client_id = str(uuid.uuid4())

    async def attempt() -> dict[str, object] | None:
        answer = await client.send(chatroom, content, client_id)
        assert "error" not in answer or answer["error"]["code"] in ("unavailable", "too_many_requests"), answer
        return None if "error" in answer else answer

    return await eventually(attempt, within)


async def test_redis_dies_and_messages_are_still_stored_and_then_delivered(
    register: Register, connect: Connect, gateways: list[str], control: Control
) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    one, two = await connect(ann, gateways[0]), await connect(bob, gateways[1])
    await one.say(room, "before")
    await two.until_seq(room, 1)

    async with without(control, "redis"):
        receipts = [await one.say(room, f"while redis is down {number}") for number in range(20)]
        assert [receipt["seq"] for receipt in receipts] == list(range(2, 22))
    await one.say(room, "after")
    # Neither has reconnected: the Gateways find by themselves what they were not told.
    for client in (one, two):
        await client.until_seq(room, 22, timeout=30)
        in_order(client.seqs(room))
        assert client.disconnections == 0

    # Hints flow again.
    receipt = await two.say(room, "and back")
    await one.until_seq(room, receipt["seq"], timeout=10)
    in_order(one.seqs(room))


async def test_postgres_dies_and_everything_waits_for_it(
    register: Register, connect: Connect, gateways: list[str], control: Control
) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    one, two = await connect(ann, gateways[0]), await connect(bob, gateways[1])
    await one.say(room, "before")
    await two.until_seq(room, 1)

    async with without(control, "postgres"):
        refused = await one.send(room, "while postgres is down")
        assert refused["error"]["code"] == "unavailable", refused
        status, body, headers = await bob.ask("GET", "/api/history/chatrooms")
        assert (status, body["code"]) == (503, "unavailable")
        assert int(headers["retry-after"]) >= 1

    await say_until_stored(one, room, "after")
    await two.until(lambda: any(each["content"] == "after" for each in two.messages(room)), 30)
    for client in (one, two):
        in_order(client.seqs(room))
        assert client.disconnections == 0 and len(client.readies) == 1
    # Every service is of use again, without having been restarted.
    for path in ("/api/auth/me", "/api/social/friends", "/api/history/chatrooms"):
        await eventually(lambda path=path: bob.call("GET", path), within=30)
    page = await bob.page(room)
    assert [each["seq"] for each in page["messages"]] == two.seqs(room)


async def test_a_gateway_dies_and_its_clients_go_on_at_the_other(
    register: Register, connect: Connect, gateways: list[str], edge: str, control: Control
) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    two = await connect(bob, edge, keep_cursors=True, reconnection=True)
    nodes = [(await connect(ann, address)).ready["node"] for address in gateways]
    victim = nodes.index(two.ready["node"])
    one = await connect(ann, gateways[1 - victim])
    for number in range(5):
        await one.say(room, f"before {number}")
    await two.until_seq(room, 5)

    async with without(control, f"gateway{victim + 1}"):
        for number in range(10):
            await one.say(room, f"meanwhile {number}")
        await two.until(lambda: len(two.readies) >= 2, 40)
        assert two.ready["node"] == nodes[1 - victim]
        await one.say(room, "after")
        await two.until_seq(room, 16)
        in_order(two.seqs(room))
        assert len(two.seqs(room)) == 16

    # The one that died is back and serves both ways.
    async def is_back() -> SocketClient:
        return await connect(bob, gateways[victim], cursors={room: 16})

    back = await eventually(is_back)
    receipt = await back.say(room, "from the one that was dead")
    await one.until_seq(room, receipt["seq"])
    receipt = await one.say(room, "to it")
    await back.until_seq(room, receipt["seq"])
    assert back.seqs(room) == [17, 18]


async def test_a_browser_goes_on_when_a_gateway_dies(meet: Meet, arrive: Arrive, control: Control) -> None:
    """Each in turn, so that it is also the one that the browser is connected to."""
    talk = await meet(keep_cursors=True, reconnection=True)
    ann, bob, room, friend = talk.ann, talk.bob, talk.room, talk.friend
    visitor = await arrive(ann)
    await visitor.open_chat("Bob")
    said = []
    for part in ("gateway1", "gateway2"):
        # In the middle of a word.
        await visitor.page.get_by_label("Write a message").press_sequentially(f"begun before {part} di")
        async with without(control, part):
            await visitor.page.get_by_label("Write a message").press_sequentially("ed")
            await visitor.page.keyboard.press("Enter")
            said.append(f"begun before {part} died")
            for number in range(3):
                said.append(f"{part} is dead {number}")
                await visitor.say(said[-1])
            for text in said:
                await expect(visitor.page.locator("[data-seq]", has_text=text)).to_have_count(1, timeout=30_000)
            said.append(f"friend without {part}")
            await eventually(lambda: friend.say(room, said[-1], str(uuid.uuid5(uuid.NAMESPACE_URL, said[-1]))))
            await expect(visitor.page.locator("[data-seq]", has_text=said[-1])).to_have_count(1, timeout=30_000)
    assert [message["content"] for message in (await bob.page(room))["messages"]] == said
    assert await visitor.seqs() == list(range(1, len(said) + 1))
    await friend.until_seq(room, len(said))
    in_order(friend.seqs(room))


@pytest.mark.parametrize("transports", [["polling", "websocket"], ["polling"]], ids="+".join)
async def test_the_stock_javascript_client_comes_back_with_its_cursors(
    transports: list[str], browser: Browser, register: Register, connect: Connect, edge: str, gateways: list[str],
    control: Control,
) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    chat = await StockChat.open(browser, edge, bob, transports)
    await chat.until(f"chat.transport() === {transports[-1]!r}")
    (node,) = await chat.has("nodes")
    victim = int(node.removeprefix("g"))
    one = await connect(ann, gateways[2 - victim])
    for number in range(5):
        await one.say(room, f"before {number}")
    await chat.until("chat.seqs.length >= 5")
    async with without(control, f"gateway{victim}"):
        for number in range(10):
            await one.say(room, f"meanwhile {number}")
        await chat.until("chat.nodes.length > 1", 60)
        assert set((await chat.has("nodes"))[1:]) == {one.ready["node"]}
        assert (await chat.say(room, "from the page"))["seq"] == 16
        await one.say(room, "to the page")
        await chat.until("chat.seqs.includes(17)")
        assert await chat.has("seqs") == list(range(1, 18))
    await one.until_seq(room, 17)
    in_order(one.seqs(room))


async def test_history_dies_under_a_stream_of_messages(
    register: Register, connect: Connect, gateways: list[str], control: Control
) -> None:
    """Some sends get no answer and are repeated: each is stored once, each acknowledged one is there."""
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    one, two = await connect(ann, gateways[0]), await connect(bob, gateways[1])

    async def stream(name: str) -> list[dict[str, object]]:
        return [await say_until_stored(one, room, f"{name} {number}") for number in range(20)]

    sending = asyncio.gather(*(stream(f"stream {number}") for number in range(8)))
    await two.until(lambda: len(two.seqs(room)) >= 20, 30)
    async with without(control, "history"):
        pass
    receipts = [receipt for stream in await sending for receipt in stream]
    seqs = sorted(receipt["seq"] for receipt in receipts)
    in_order(seqs)
    assert len(seqs) == 160
    for client in (one, two):
        await client.until_seq(room, 160, 30)
        in_order(client.seqs(room))
        assert client.disconnections == 0


async def test_after_all_of_it_somebody_new_can_do_everything(edge: str, register: Register) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    assert (await ann.page(await ann.direct(bob)))["head"] == 0
    async with aiohttp.ClientSession() as session, session.get(edge) as response:
        assert response.status == 200
