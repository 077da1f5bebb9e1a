"""One message, whatever happens: the same client id a hundred times at once through two Gateways and at two Histories, and
again when every process of the system has been killed and started anew."""

import asyncio
import os
import uuid
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from conftest import Connect, Register
from drill.stage import GATEWAYS, HISTORIES, restart, staged
from drill.stores import Stores, environment
from teahouse import Control, SocketClient, eventually

pytestmark = pytest.mark.timeout(240)


async def test_one_client_id_is_one_row_and_one_answer(
    register: Register, connect: Connect, gateways: list[str], control: Control
) -> None:
    state = Path(os.environ["TEAHOUSE_STATE"])
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    client_id = str(uuid.uuid4())
    stores = Stores(state, control)
    async with staged(state, control), aiohttp.ClientSession() as session:
        keys = dict(part.split("=", 1) for part in environment(state, "history")["SERVICE_KEYS"].split(","))
        headers = {"authorization": f"Bearer {keys['gateway'].split('|')[0]}"}
        histories = [f"http://{environment(state, part)['HISTORY_INTERNAL_ADDRESS']}" for part in HISTORIES]
        body = {
            "senderId": bob.id, "chatroomId": room, "clientId": client_id,
            "message": {"type": "text", "content": "once"},
        }

        async def at(history: str) -> dict[str, Any]:
            """As a Gateway asks, which prefers one History for a chatroom and goes to another where that is away."""
            url = f"{history}/internal/messages"
            async with session.post(url, json={"messages": [body]}, headers=headers) as answer:
                assert answer.status == 200, answer.status
                result = (await answer.json())["results"][0]
                assert "receipt" in result, result
                return result["receipt"]

        async def hundred_times(clients: list[SocketClient]) -> list[dict[str, Any]]:
            sends = [client.say(room, "once", client_id) for client in clients for _ in range(25)]
            return await asyncio.gather(*sends, *(at(history) for history in histories for _ in range(25)))

        clients = [await connect(bob, gateway) for gateway in gateways[:2]]
        answers = await hundred_times(clients)
        first = answers[0]
        assert len(answers) == 100 and all(answer == first for answer in answers), answers
        for client in clients:
            await client.close()

        await restart(control, ("postgres", "redis"))
        await restart(control, ("auth", "social", "media", *HISTORIES, *GATEWAYS))
        # Pools connect again by themselves.
        await eventually(lambda: at(histories[0]), within=60)
        answers = await hundred_times([await connect(bob, gateway) for gateway in gateways[:2]])
        assert len(answers) == 100 and all(answer == first for answer in answers), (first, answers)
        rows = await stores.sql(
            f"SELECT seq, client_id FROM history.entries WHERE chatroom_id = {room} AND kind = 'message'")
        assert rows == [{"seq": first["seq"], "client_id": client_id}]
    page = await ann.page(room)
    assert [message["content"] for message in page["messages"]] == ["once"]
