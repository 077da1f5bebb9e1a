"""O12, O14: what was taken back, and who has no say."""

import asyncio
import json
import uuid
from typing import Any

from attacks.conftest import Cast, message
from attacks.system import System
from attacks.wire import Answer, WebSocket, ask
from conftest import Register
from teahouse import Person, eventually

NEVER = "2099-01-01T00:00:00.000Z"


async def call(edge: str, person: Person, method: str, path: str, body: Any = None) -> Answer:
    """Answers as bytes: what is hidden in them is found wherever it stands."""
    content = None if body is None else json.dumps(body).encode()
    return await ask(
        edge, method, path, f"Authorization: Bearer {person.token}", "Content-Type: application/json", body=content
    )


async def test_O12_what_was_recalled_is_nowhere(cast: Cast, system: System, edge: str, gateways: list[str]) -> None:
    alice, bob = cast.alice, cast.bob
    mark = uuid.uuid4().hex
    messages = f"/api/history/chatrooms/{cast.room}/messages"
    async with (
        await WebSocket.enter(gateways[0], alice.token) as speaker,
        await WebSocket.enter(gateways[1], bob.token) as hearer,
    ):
        client_id = str(uuid.uuid4())
        said = message(cast.room, f"first{mark}", client_id)
        first = await speaker.call("sendMessage", said)
        seq = first["seq"]
        kept = {"messageId": first["id"]}
        await bob.call("POST", "/api/history/favorites", json=kept, expect=201)
        await bob.call("PUT", f"{messages}/{seq}/reactions/%F0%9F%91%8D")
        await alice.call("PATCH", f"{messages}/{seq}", json={"content": f"second{mark}"})
        assert "error" not in await hearer.call("sendMessage", message(cast.room, "an answer", replyTo=seq))
        cast.named.append("an answer")

        async def is_found() -> bool:
            return bool((await bob.call("GET", f"/api/history/search?query=second{mark}"))["messages"])

        await eventually(is_found)
        # The control: before it is taken back, all of this shows it.
        ways = [
            messages, f"{messages}?around={seq}&limit=1", f"{messages}?before={seq + 1}", f"{messages}?after={seq - 1}",
            "/api/history/chatrooms", f"/api/history/search?query={mark}", f"/api/history/search?query=first{mark}",
            f"/api/history/search?query=second{mark}&chatroomId={cast.room}&from={alice.id}&type=text",
            "/api/history/favorites", f"/api/history/favorites?query=second{mark}", "/api/history/export",
        ]  # fmt: skip
        shown = [path for path in ways if mark.encode() in (await call(edge, bob, "GET", path)).body]
        assert {messages, "/api/history/favorites", "/api/history/export"} <= set(shown), shown
        # Others are recalled while they are edited: whoever is first, what was said is gone.
        racing = [(await speaker.call("sendMessage", message(cast.room, f"{number}{mark}")))["seq"] for number in range(10)]
        for target in racing:
            edited, recalled = await asyncio.gather(
                call(edge, alice, "PATCH", f"{messages}/{target}", {"content": f"changed{mark}"}),
                call(edge, alice, "DELETE", f"{messages}/{target}"),
            )
            assert edited.status in (200, 409) and recalled.status == 204
        for _ in range(2):
            assert (await call(edge, alice, "DELETE", f"{messages}/{seq}")).status == 204
        # Nobody brings it back.
        late = await call(edge, alice, "PATCH", f"{messages}/{seq}", {"content": f"third{mark}"})
        assert (late.status, late.json()["code"]) == (409, "message_recalled")
        assert (await call(edge, bob, "PUT", f"{messages}/{seq}/reactions/%F0%9F%91%8D")).status == 409
        assert await speaker.call("sendMessage", said) == first

        head = (await bob.page(cast.room))["head"]
        for person in (alice, bob):
            for path in (*ways, f"{messages}/{seq}/readers"):
                answer = await call(edge, person, "GET", path)
                found = json.loads(answer.body)["messages"] if "/search?" in path else []
                assert answer.status == 200 and mark.encode() not in answer.body and found == [], (path, answer)
            synced = await call(edge, person, "POST", "/api/history/sync", {"cursors": {str(cast.room): 0}})
            assert synced.status == 200 and mark.encode() not in synced.body
            for gateway in gateways:
                async with await WebSocket.enter(gateway, person.token, cursors={str(cast.room): 0}) as anew:
                    assert [entry["seq"] for entry in anew.entries(cast.room)][-1] == head
                    await anew.call("joinRoom", {"chatroomId": cast.room, "after": 0})
                    await anew.call("sync", {"cursors": {str(cast.room): 0}})
                    assert mark not in json.dumps(anew.events)
        (place,) = (await bob.page(cast.room, around=seq, limit=1))["messages"]
        assert place["recalled"] and place["content"] == "" and "reactions" not in place and "editedAt" not in place
        reply = (await bob.page(cast.room, after=seq, limit=1))["messages"][0]
        assert (reply["content"], reply["replyTo"]) == ("an answer", seq)
        favorite = (await bob.call("GET", "/api/history/favorites"))["favorites"][0]
        assert favorite["message"]["recalled"] and favorite["message"]["content"] == ""
    # Nor where nobody asks: it is not in the tables either.
    stored = await system.stores.sql(f"SELECT seq FROM history.entries WHERE body::text LIKE '%{mark}%'")
    assert stored == []
    for table in ("search_terms", "reactions"):
        gone = ",".join(str(each) for each in (seq, *racing))
        query = f"SELECT seq FROM history.{table} WHERE chatroom_id = {cast.room} AND seq IN ({gone})"
        assert await system.stores.sql(query) == [], table


async def test_O14_nobody_raises_themselves_or_lowers_those_above(cast: Cast, register: Register, edge: str) -> None:
    alice, bob = cast.alice, cast.bob
    carol = await register("carol")
    await alice.befriend(carol)
    council = await alice.group("council", bob, carol)
    path = f"/api/social/chatrooms/{council}"
    await alice.call("PATCH", f"{path}/members/{carol.id}", json={"role": "admin"})
    await alice.call("PATCH", f"{path}/members/{bob.id}", json={"mutedUntil": NEVER})

    async def standing() -> dict[int, tuple[str, str | None]]:
        members = (await alice.call("GET", f"{path}/members"))["members"]
        return {member["user"]["id"]: (member["role"], member.get("mutedUntil")) for member in members}

    before = await standing()
    assert before == {alice.id: ("owner", None), carol.id: ("admin", None), bob.id: ("member", NEVER)}
    wishes: list[tuple[Person, str, str, Any]] = [
        (carol, "PATCH", f"{path}/members/{alice.id}", {"role": "member"}),
        (carol, "PATCH", f"{path}/members/{alice.id}", {"role": "admin"}),
        (carol, "PATCH", f"{path}/members/{alice.id}", {"mutedUntil": NEVER}),
        (carol, "DELETE", f"{path}/members/{alice.id}", None), (carol, "PUT", f"{path}/owner", {"userId": carol.id}),
        (carol, "PUT", f"{path}/owner", {"userId": bob.id}), (carol, "DELETE", path, None),
        (carol, "PATCH", f"{path}/members/{bob.id}", {"role": "admin"}),
        (carol, "PATCH", f"{path}/members/{bob.id}", {"mutedUntil": None, "role": "admin"}),
        (carol, "PATCH", f"{path}/members/{carol.id}", {"role": "member"}),
        (bob, "PATCH", f"{path}/members/{bob.id}", {"role": "admin"}),
        (bob, "PATCH", f"{path}/members/{bob.id}", {"mutedUntil": None}),
        (bob, "PATCH", f"{path}/members/{carol.id}", {"role": "member"}),
        (bob, "PATCH", f"{path}/members/{carol.id}", {"mutedUntil": NEVER}),
        (bob, "DELETE", f"{path}/members/{carol.id}", None), (bob, "PUT", f"{path}/owner", {"userId": bob.id}),
        (bob, "PATCH", path, {"name": "Bob's"}),
    ]  # fmt: skip
    for person, *wish in wishes:
        refused = await call(edge, person, *wish)
        assert (refused.status, refused.json()["code"]) == (403, "forbidden"), (wish, refused)
    # Nobody is made an owner but by who is one, and by no other way than that.
    for person in (alice, bob, carol):
        for role in ("owner", "Owner", "root", "", 1, ["admin"]):
            answer = await call(edge, person, "PATCH", f"{path}/members/{bob.id}", {"role": role})
            assert answer.status == 400, (role, answer)
    # At the same time it is no different.
    answers = await asyncio.gather(*(call(edge, person, *wish) for person, *wish in wishes))
    assert {answer.status for answer in answers} == {403}
    assert await standing() == before
    assert (await alice.call("GET", path))["name"] == "council"


async def is_silent(person: Person, edge: str, gateways: list[str], chatroom: int, own: int) -> None:
    """What somebody who may not speak in a chatroom says there is refused, over every Gateway and in every form."""
    path = f"/api/history/chatrooms/{chatroom}/messages"
    for gateway in gateways:
        async with await WebSocket.enter(gateway, person.token) as socket:
            forms: list[dict[str, Any]] = [{}, {"replyTo": own}, {"forward": f"{chatroom}.{own}"}, {"mentions": [person.id]}]
            for form in forms:
                answer = await socket.call("sendMessage", message(chatroom, "never", **form))
                assert answer["error"]["code"] == "forbidden", (form, answer)
    answer = await call(edge, person, "PATCH", f"{path}/{own}", {"content": "never"})
    assert (answer.status, answer.json()["code"]) == (403, "forbidden")
    assert (await call(edge, person, "PUT", f"{path}/{own}/reactions/%F0%9F%91%8D")).status == 403


async def test_O14_the_muted_and_the_blocked_are_heard_by_nobody(cast: Cast, edge: str, gateways: list[str]) -> None:
    alice, bob = cast.alice, cast.bob
    direct = await alice.direct(bob)
    member = f"/api/social/chatrooms/{cast.room}/members/{bob.id}"
    sockets = [await WebSocket.enter(gateway, bob.token) for gateway in gateways]
    listener = await WebSocket.enter(gateways[0], alice.token)
    try:
        in_room = await cast.say(sockets[0], "before")
        in_direct = (await sockets[1].call("sendMessage", message(direct, "before")))["seq"]
        await alice.call("PATCH", member, json={"mutedUntil": NEVER})
        await alice.call("PUT", f"/api/social/blocks/{bob.id}")
        for chatroom, own in ((cast.room, in_room), (direct, in_direct)):
            # Sockets that stood open when it was decided, at once.
            for socket in sockets:
                refused = await socket.call("sendMessage", message(chatroom, "never"))
                assert refused["error"]["code"] == "forbidden", refused
            await is_silent(bob, edge, gateways, chatroom, own)
        for method, path, body in (
            ("PUT", f"/api/social/chatrooms/direct/{alice.id}", None),
            ("POST", "/api/social/friend-requests", {"userId": alice.id}),
        ):
            answer = await call(edge, bob, method, path, body)
            assert answer.status in (200, 403, 409), answer
            assert answer.status != 200 or answer.json()["id"] == direct
        # Both may speak again when it is over; between the two nothing was stored.
        await alice.call("PATCH", member, json={"mutedUntil": None})
        await alice.call("DELETE", f"/api/social/blocks/{bob.id}", expect=204)
        assert await cast.say(sockets[1], "after") == in_room + 1
        last = (await sockets[0].call("sendMessage", message(direct, "after")))["seq"]
        assert last == in_direct + 1
        while not listener.entries(direct) or listener.entries(direct)[-1]["seq"] < last:
            assert await listener.event("message")
        assert "never" not in {entry.get("content") for id in (cast.room, direct) for entry in listener.entries(id)}
    finally:
        for socket in (*sockets, listener):
            await socket.__aexit__(None, None, None)


async def test_O13_a_link_lets_in_whom_it_may_and_nobody_else(cast: Cast, register: Register, edge: str) -> None:
    alice, mallory = cast.alice, cast.mallory
    group = await alice.group("tea", cast.bob)
    invites = f"/api/social/chatrooms/{group}/invites"
    assert (await call(edge, mallory, "POST", invites, {})).status == 404
    for wrong in ({"expiresIn": 0}, {"expiresIn": 31 * 86_400}, {"maxUses": 0}, {"maxUses": -1}, {"maxUses": 1 << 62}):
        assert (await call(edge, alice, "POST", invites, wrong)).status == 400, wrong
    # Guessed, and somebody else's with a letter changed.
    code = (await alice.call("POST", invites, json={"maxUses": 3}, expect=201))["code"]
    for guess in ("", "x", "0" * 22, code[:-1], code + "A", code.swapcase(), "%00", "../invites", f"{code}%20"):
        assert (await call(edge, mallory, "POST", f"/api/social/invites/{guess}")).status in (400, 404, 405), guess
    # Its uses raced: each of several by several calls at once, with one key each.
    racers = [await register(f"racer{number}") for number in range(6)]

    async def follow(person: Person, key: str) -> Answer:
        return await ask(
            edge, "POST", f"/api/social/invites/{code}", f"Authorization: Bearer {person.token}", f"Idempotency-Key: {key}"
        )

    keys = {person.id: str(uuid.uuid4()) for person in racers}
    answers = await asyncio.gather(*(follow(person, keys[person.id]) for person in racers * 4))
    outcomes = {person.id: {answers[place].status for place in range(index, 24, 6)} for index, person in enumerate(racers)}
    # One person's calls are answered alike; three are in.
    assert all(len(statuses) == 1 for statuses in outcomes.values()), outcomes
    inside = [person for person in racers if outcomes[person.id] == {200}]
    assert len(inside) == 3 and {frozenset(each) for each in outcomes.values()} == {frozenset({200}), frozenset({404})}
    members = (await alice.call("GET", f"/api/social/chatrooms/{group}/members"))["members"]
    assert {member["user"]["id"] for member in members} == {alice.id, cast.bob.id, *(person.id for person in inside)}
    # Whoever is removed does not come back by any link they may hold, nor by the key of their first coming.
    other = (await alice.call("POST", invites, json={}, expect=201))["code"]
    kicked = inside[0]
    await alice.call("DELETE", f"/api/social/chatrooms/{group}/members/{kicked.id}", expect=204)
    assert (await follow(kicked, keys[kicked.id])).status == 404
    assert (await call(edge, kicked, "POST", f"/api/social/invites/{other}")).status == 404
    assert (await call(edge, kicked, "GET", f"/api/social/chatrooms/{group}")).status == 404
