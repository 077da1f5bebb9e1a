"""Messages between clients on different Gateways and transports."""

import asyncio
import uuid

import pytest

from conftest import Connect, Register
from teahouse import SocketClient, in_order


@pytest.mark.timeout(300)
async def test_a_thousand_messages_each_way(register: Register, connect: Connect, gateways: list[str]) -> None:
    """One polls Gateway 1, one has a WebSocket to Gateway 2: all acknowledged, all received, one order, no hole."""
    count = 1_000
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    one = await connect(ann, gateways[0], transports=["polling"])
    two = await connect(bob, gateways[1], transports=["websocket"])
    assert (one.transport, two.transport) == ("polling", "websocket")
    assert one.ready["node"] != two.ready["node"]

    async def talk(client: SocketClient, name: str) -> dict[str, int]:
        """Sends them all, 32 under way at a time; the seq acknowledged for each client id."""
        turns = asyncio.Semaphore(32)

        async def say(number: int) -> tuple[str, int]:
            client_id = str(uuid.uuid4())
            async with turns:
                receipt = await client.say(room, f"{name} {number}", client_id)
            assert receipt["id"] == f"{room}.{receipt['seq']}"
            return client_id, receipt["seq"]

        return dict(await asyncio.gather(*(say(number) for number in range(count))))

    by_ann, by_bob = await asyncio.gather(talk(one, "ann"), talk(two, "bob"))
    acknowledged = by_ann | by_bob
    assert len(acknowledged) == 2 * count
    await asyncio.gather(one.until_seq(room, 2 * count, 60), two.until_seq(room, 2 * count, 60))

    for client in (one, two):
        in_order(client.seqs(room))
        assert len(client.seqs(room)) == 2 * count
        assert {entry["clientId"]: entry["seq"] for entry in client.entries(room)} == acknowledged
        assert client.disconnections == 0
    assert one.entries(room) == two.entries(room)
    ordinals = [entry["ordinal"] for entry in one.entries(room)]
    assert ordinals == list(range(1, 2 * count + 1))

    listed = (await bob.call("GET", "/api/history/chatrooms"))["chatrooms"]
    assert [(each["chatroomId"], each["head"]) for each in listed] == [(room, 2 * count)]


async def test_a_message_comes_as_it_was_sent(register: Register, connect: Connect, gateways: list[str]) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    one, two = await connect(ann, gateways[0]), await connect(bob, gateways[1])
    client_id = str(uuid.uuid4())
    text = "你好，bob 🍵👨‍👩‍👧 \"<b>\\not bold</b>\"\n\u2028 second line"
    receipt = await one.say(room, text, client_id)
    for client in (one, two):
        await client.until_seq(room, 1)
        (message,) = client.messages(room)
        assert message["content"] == text
        assert (message["id"], message["seq"], message["ordinal"]) == (receipt["id"], 1, 1)
        assert (message["type"], message["clientId"]) == ("text", client_id)
        assert message["createdAt"] == receipt["createdAt"]
        assert (message["sender"]["id"], message["sender"]["nickname"]) == (ann.id, "Ann")
    page = await bob.page(room)
    assert (page["head"], [each["content"] for each in page["messages"]]) == (1, [text])


async def test_a_reconnection_brings_exactly_what_was_missed(
    register: Register, connect: Connect, gateways: list[str]
) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    one, two = await connect(ann, gateways[0]), await connect(bob, gateways[1])
    for number in range(5):
        await one.say(room, f"before {number}")
    await two.until_seq(room, 5)
    await two.close()
    for number in range(10):
        await one.say(room, f"missed {number}")

    back = await connect(bob, gateways[0], cursors={room: 5})
    await back.until_seq(room, 15)
    await one.say(room, "live again")
    await back.until_seq(room, 16)
    assert back.seqs(room) == list(range(6, 17))
    head = next(each["head"] for each in back.ready["chatrooms"] if each["id"] == room)
    assert head >= 15


async def test_without_a_cursor_nothing_is_replayed(register: Register, connect: Connect, gateways: list[str]) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    one = await connect(ann, gateways[0])
    await one.say(room, "before bob is here")
    two = await connect(bob, gateways[1])
    assert [(each["id"], each["head"]) for each in two.ready["chatrooms"]] == [(room, 1)]
    await one.say(room, "now")
    await two.until_seq(room, 2)
    assert two.seqs(room) == [2]


async def test_one_client_id_is_one_message(register: Register, connect: Connect, gateways: list[str]) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    one, other = await connect(ann, gateways[0]), await connect(ann, gateways[1])
    client_id = str(uuid.uuid4())
    first = await one.say(room, "once", client_id)
    assert await one.say(room, "once", client_id) == first
    assert await other.say(room, "once", client_id) == first
    racing = str(uuid.uuid4())
    receipts = await asyncio.gather(*(client.say(room, "race", racing) for client in (one, other) * 5))
    assert all(receipt == receipts[0] for receipt in receipts)

    conflict = await one.send(room, "something else", client_id)
    assert conflict["error"]["code"] == "client_id_conflict"
    page = await bob.page(room)
    assert [message["content"] for message in page["messages"]] == ["once", "race"]
    assert page["head"] == 2


async def test_nobody_sends_into_a_strangers_chatroom(
    register: Register, connect: Connect, gateways: list[str]
) -> None:
    ann, bob, eve = [await register(name) for name in ("ann", "bob", "eve")]
    await ann.befriend(bob)
    room = await ann.direct(bob)
    stranger = await connect(eve, gateways[0])
    for id in (room, room + 10_000_000):
        refused = await stranger.send(id, "let me in")
        assert refused["error"]["code"] == "chatroom_not_found"
    assert (await ann.page(room))["head"] == 0


async def test_what_cannot_be_a_message_is_refused(register: Register, connect: Connect, gateways: list[str]) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    client = await connect(ann, gateways[0])
    id = str(uuid.uuid4())
    for payload in (
        {"chatroomId": room, "clientId": id, "message": {"type": "text", "content": ""}},
        {"chatroomId": room, "clientId": id, "message": {"type": "text", "content": "x" * 4_001}},
        {"chatroomId": room, "clientId": id, "message": {"type": "text", "content": "a\u0000b"}},
        {"chatroomId": room, "clientId": id, "message": {"type": "song", "content": "la"}},
        {"chatroomId": room, "clientId": "not a uuid", "message": {"type": "text", "content": "x"}},
        {"chatroomId": str(room), "clientId": id, "message": {"type": "text", "content": "x"}},
        {"chatroomId": room, "message": {"type": "text", "content": "x"}},
        {"chatroomId": room, "clientId": id},
        [],
        "x",
        None,
    ):
        answer = await client.io.call("sendMessage", payload, timeout=15)
        assert answer["error"]["code"] in ("invalid_request", "too_large"), (payload, answer)
    assert (await client.say(room, "the socket is still of use", id))["seq"] == 1


async def test_pages_go_back_to_the_start(register: Register, connect: Connect, edge: str) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    client = await connect(ann, edge)
    for number in range(1, 26):
        await client.say(room, str(number))
    seen: list[int] = []
    before: dict[str, int] = {}
    while True:
        page = await bob.page(room, limit=10, **before)
        assert page["head"] == 25
        if not page["messages"]:
            break
        seen = [message["seq"] for message in page["messages"]] + seen
        before = {"before": seen[0]}
    in_order(seen)
    assert len(seen) == 25
    after = await bob.page(room, after=20, limit=3)
    assert [message["seq"] for message in after["messages"]] == [21, 22, 23]

    missing = await bob.call("POST", "/api/history/sync", json={"cursors": {str(room): 20}})
    (log,) = missing["chatrooms"]
    assert (log["id"], log["head"], log["more"]) == (room, 25, False)
    assert [payload["seq"] for _, payload in log["entries"]] == [21, 22, 23, 24, 25]


async def test_a_stranger_to_the_house_is_refused_at_connect(edge: str, register: Register) -> None:
    ann = await register("ann")
    ann.token = "not a token"
    client = SocketClient(ann, edge)
    refusals: list[object] = []
    client.io.on("connect_error", lambda data: refusals.append(data))
    try:
        await client.open(timeout=10)
        raise AssertionError("was let in")
    except Exception as error:  # noqa: BLE001 the client library raises its own
        assert "was let in" not in str(error)
    finally:
        await client.close()
    assert refusals and isinstance(refusals[0], dict), refusals
    assert refusals[0].get("data", refusals[0]).get("code") == "unauthenticated", refusals


async def test_unread_goes_by_what_was_read(register: Register, connect: Connect, edge: str) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    client = await connect(ann, edge)
    for number in range(3):
        await client.say(room, str(number))

    async def unread() -> int:
        (row,) = (await bob.call("GET", "/api/history/chatrooms"))["chatrooms"]
        return row["unread"]

    assert await unread() == 3
    await bob.call("PUT", f"/api/history/chatrooms/{room}/cursor", json={"seq": 2})
    assert await unread() == 1
    await bob.call("PUT", f"/api/history/chatrooms/{room}/cursor", json={"seq": 1})
    assert await unread() == 1
