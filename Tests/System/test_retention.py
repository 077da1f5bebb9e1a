"""What a chatroom keeps no longer is gone for everybody, and its place stays."""

import os
import re
from pathlib import Path

import aiohttp
import pytest

from conftest import Connect, Register
from images import png
from teahouse import eventually

pytestmark = pytest.mark.timeout(150)


async def keep(chatroom: int, seconds: int) -> None:
    """As an operator says it to History, with History's own key."""
    if not os.environ.get("TEAHOUSE_STATE"):
        pytest.skip("TEAHOUSE_STATE is not set: where History's own listener is, is not known")
    state = Path(os.environ["TEAHOUSE_STATE"])
    key = re.search(r"^HISTORY_KEY=(.*)$", (state / "secrets").read_text(), re.M)
    address = re.search(r"HISTORY_INTERNAL_ADDRESS=(\S+)", (state / "env" / "history").read_text())
    assert key and address
    async with aiohttp.ClientSession(headers={"authorization": f"Bearer {key[1]}"}) as session:
        body = {"chatroomId": chatroom, "keepSeconds": seconds}
        async with session.post(f"http://{address[1]}/internal/retention", json=body) as response:
            assert response.status == 204, await response.text()


async def test_what_is_old_goes_and_what_is_new_follows_it(
    register: Register, connect: Connect, edge: str
) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    client = await connect(ann, edge)
    upload = await ann.call(
        "POST", f"/api/media/uploads?name=pot.png&chatroomId={room}", data=png(8, 8),
        headers={"content-type": "image/png"}, expect=201)
    await client.say(room, "a secret pot", type="image", mediaId=upload["id"])
    client_id = "7c1f4b7e-6a55-4a0c-9c52-3b8a6d0d9b11"
    second = await client.say(room, "a secret", client_id)
    await ann.call(
        "PATCH", f"/api/history/chatrooms/{room}/messages/{second['seq']}", json={"content": "another secret"})
    await bob.call("POST", "/api/history/favorites", json={"messageId": second["id"]}, expect=201)
    assert await bob.call("GET", upload["url"])

    await keep(room, 1)

    async def is_empty() -> bool:
        return not (await bob.page(room))["messages"]

    await eventually(is_empty, within=90)
    await keep(room, 0)
    for query in ("secret", "another"):
        found = await bob.call("GET", "/api/history/search", params={"query": query, "chatroomId": str(room)})
        assert found["messages"] == []
    (listed,) = (await bob.call("GET", "/api/history/chatrooms"))["chatrooms"]
    assert (listed["head"], listed["unread"]) == (3, 0)
    (favorite,) = (await bob.call("GET", "/api/history/favorites"))["favorites"]
    assert (favorite["message"]["content"], favorite["message"]["recalled"]) == ("", True)

    async def file_is_gone() -> bool:
        return (await bob.ask("GET", upload["url"]))[0] == 404

    await eventually(file_is_gone, within=10)
    # The log goes on where it was, and knows what it has stored.
    assert (await client.say(room, "a secret", client_id))["seq"] == second["seq"]
    third = await client.say(room, "new")
    assert third["seq"] == 4
    again = await connect(bob, edge, cursors={room: 0})
    await again.until_seq(room, 4)
    assert again.seqs(room) == [4] and again.ready["chatrooms"][0]["from"] == 4
