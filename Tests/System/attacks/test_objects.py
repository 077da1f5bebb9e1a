"""O: objects of others."""

import asyncio
import json
import uuid
from typing import Any

import pytest

from attacks.conftest import Cast, message
from attacks.holding import gateway_behind
from attacks.system import System
from attacks.wire import Answer, WebSocket, ask
from conftest import Connect, Register
from teahouse import Person, eventually

NOWHERE = 9_007_199_254_740_000
OCTETS = {"content-type": "application/octet-stream"}


async def call(edge: str, person: Person, method: str, path: str, body: Any = None) -> Answer:
    """As bytes, so that two answers can be compared as such."""
    headers = [f"Authorization: Bearer {person.token}"] if person.token else []
    if body is None:
        return await ask(edge, method, path, *headers)
    return await ask(edge, method, path, *headers, "Content-Type: application/json", body=json.dumps(body).encode())


def of_room(room: object, seq: int = 1) -> list[tuple[str, str, Any]]:
    """Everything that is said of a chatroom to who asks for it."""
    history, social = f"/api/history/chatrooms/{room}", f"/api/social/chatrooms/{room}"
    return [
        ("GET", f"{history}/messages", None), ("GET", f"{history}/messages?around={seq}&limit=1", None),
        ("GET", f"{history}/messages?after=0", None), ("GET", f"{history}/messages/{seq}/readers", None),
        ("PUT", f"{history}/cursor", {"seq": seq}), ("DELETE", f"{history}/messages/{seq}", None),
        ("PATCH", f"{history}/messages/{seq}", {"content": "changed"}),
        ("PUT", f"{history}/messages/{seq}/reactions/%F0%9F%91%8D", None),
        ("GET", social, None), ("GET", f"{social}/members", None), ("PATCH", social, {"name": "Mine"}),
        ("PATCH", f"{social}/settings", {"pinned": True}), ("DELETE", social, None),
        ("POST", f"{social}/members", {"userIds": [1]}), ("PUT", f"{social}/owner", {"userId": 1}),
    ]  # fmt: skip


async def test_O01_a_stranger_cannot_tell_a_chatroom_from_none(
    cast: Cast, anon: Person, edge: str, connect: Connect, gateways: list[str]
) -> None:
    seq = await cast.say(await connect(cast.alice, gateways[0]), "secret")
    for real, none in zip(of_room(cast.room, seq), of_room(NOWHERE, seq)):
        hidden, missing = await call(edge, cast.mallory, *real), await call(edge, cast.mallory, *none)
        assert (hidden.status, hidden.body) == (404, missing.body) and missing.status == 404, (real, hidden)
        assert hidden.json()["code"] in ("chatroom_not_found", "message_not_found"), hidden
        assert (await call(edge, anon, *real)).status == 401, real


async def test_O02_who_was_removed_is_out_on_every_node(cast: Cast, edge: str, gateways: list[str]) -> None:
    alice, bob = cast.alice, cast.bob
    direct = await alice.direct(bob)
    file = await alice.call(
        "POST", "/api/media/uploads", params={"name": "x.bin", "chatroomId": cast.room}, data=b"secret", headers=OCTETS,
        expect=201,
    )  # fmt: skip
    assert (await bob.ask("GET", file["url"]))[0] == 200
    sockets = [await WebSocket.enter(gateway, bob.token) for gateway in gateways]
    speaker = await WebSocket.enter(gateways[0], alice.token)
    try:
        before = await cast.say(speaker, "before")
        await alice.call("DELETE", f"/api/social/chatrooms/{cast.room}/members/{bob.id}", expect=204)
        secret = await cast.say(speaker, "after")
        for real, none in zip(of_room(cast.room, secret), of_room(NOWHERE, secret)):
            hidden, missing = await call(edge, bob, *real), await call(edge, bob, *none)
            assert (hidden.status, hidden.body) == (404, missing.body), (real, hidden)

        async def is_unread() -> bool:
            return (await bob.ask("GET", file["url"]))[0] == 404

        await eventually(is_unread, within=2)
        for socket in sockets:
            sent = await socket.call("sendMessage", message(cast.room, "still me"))
            assert sent["error"]["code"] == "chatroom_not_found"
            rejoined = await socket.call("joinRoom", {"chatroomId": cast.room, "after": 0})
            assert rejoined["error"]["code"] == "chatroom_not_found"
            assert cast.room not in (await socket.call("sync", {"cursors": {str(cast.room): 0}}))["heads"]
        # Of what comes later nothing is his either; after it something that is tells that it had its time.
        await cast.say(speaker, "later")
        last = (await speaker.call("sendMessage", message(direct, "for him")))["seq"]
        for socket in sockets:
            while not socket.entries(direct):
                assert await socket.event("message")
            assert socket.entries(direct)[-1]["seq"] == last
            assert all(entry["seq"] <= secret - 1 for entry in socket.entries(cast.room))
            assert before in [entry["seq"] for entry in socket.entries(cast.room)]
        for gateway in gateways:
            async with await WebSocket.enter(gateway, bob.token, cursors={str(cast.room): 0}) as anew:
                ready = next(payload for name, payload in anew.events if name == "ready")
                assert cast.room not in {chatroom["id"] for chatroom in ready["chatrooms"]}
                assert not anew.entries(cast.room)
    finally:
        for socket in (*sockets, speaker):
            await socket.__aexit__(None, None, None)
    # For the judge: the room as it was meant to be.
    await alice.call("POST", f"/api/social/chatrooms/{cast.room}/members", json={"userIds": [bob.id]})


async def test_O03_files_are_for_the_members_of_their_chatroom(
    cast: Cast, anon: Person, edge: str, connect: Connect, gateways: list[str]
) -> None:
    upload = {"params": {"name": "x.bin", "chatroomId": cast.room}, "data": b"secret", "headers": OCTETS}
    file = await cast.alice.call("POST", "/api/media/uploads", expect=201, **upload)
    socket = await connect(cast.alice, gateways[0])
    cast.named.append("a file")
    sent = await socket.say(cast.room, "a file", type="file", mediaId=file["id"])
    assert (await cast.bob.ask("GET", file["url"]))[1] == b"secret"
    nothing = f"/api/media/files/{uuid.uuid4()}/x.bin"
    for path, none in ((file["url"], nothing), (file["url"] + "?x=1", nothing)):
        hidden, missing = await call(edge, cast.mallory, "GET", path), await call(edge, cast.mallory, "GET", none)
        assert (hidden.status, hidden.body) == (404, missing.body)
        assert (await call(edge, anon, "GET", path)).status == 401
    for person in (cast.mallory, cast.bob):
        assert (await call(edge, person, "DELETE", f"/api/media/files/{file['id']}")).status == 404
    cast.named.remove("a file")
    await cast.alice.call("DELETE", f"/api/history/chatrooms/{cast.room}/messages/{sent['seq']}", expect=None)

    async def is_gone() -> bool:
        return [(await person.ask("GET", file["url"]))[0] for person in (cast.alice, cast.bob)] == [404, 404]

    await eventually(is_gone, within=5)


async def test_O04_favorites_are_their_owners(cast: Cast, edge: str, connect: Connect, gateways: list[str]) -> None:
    seq = await cast.say(await connect(cast.alice, gateways[0]), "to be kept")
    kept = {"messageId": f"{cast.room}.{seq}"}
    await cast.alice.call("POST", "/api/history/favorites", json=kept, expect=201)
    before = await cast.alice.call("GET", "/api/history/favorites")
    for path in ("/api/history/favorites", "/api/history/favorites?query=kept", f"/api/history/favorites?userId={cast.alice.id}"):
        assert (await cast.mallory.call("GET", path))["favorites"] == []
    missing = await call(edge, cast.mallory, "POST", "/api/history/favorites", {"messageId": f"{NOWHERE}.1"})
    hidden = await call(edge, cast.mallory, "POST", "/api/history/favorites", kept)
    assert (hidden.status, hidden.body) == (404, missing.body)
    for person in (cast.mallory, cast.bob):
        assert (await call(edge, person, "DELETE", f"/api/history/favorites/{kept['messageId']}")).status == 404
    assert (await cast.mallory.call("GET", "/api/history/favorites"))["favorites"] == []
    assert await cast.alice.call("GET", "/api/history/favorites") == before


async def test_O05_only_those_above_manage_a_chatroom(cast: Cast, edge: str) -> None:
    social = f"/api/social/chatrooms/{cast.room}"
    wishes = [
        ("POST", f"{social}/members", {"userIds": [cast.mallory.id]}), ("DELETE", f"{social}/members/{cast.alice.id}", None),
        ("POST", f"{social}/members", {"username": cast.mallory.username}), ("PATCH", social, {"name": "Mine"}),
        ("PUT", f"{social}/owner", {"userId": cast.bob.id}), ("PUT", f"{social}/owner", {"userId": cast.mallory.id}),
        ("PATCH", f"{social}/members/{cast.bob.id}", {"role": "admin"}), ("DELETE", social, None),
        ("PATCH", f"{social}/members/{cast.alice.id}", {"role": "member"}),
        ("PATCH", f"{social}/members/{cast.alice.id}", {"mutedUntil": "2099-01-01T00:00:00.000Z"}),
    ]  # fmt: skip
    for wish in wishes:
        assert (await call(edge, cast.mallory, *wish)).status == 404, wish
        assert (await call(edge, cast.bob, *wish)).status in (403, 404), wish
    leaving = ("DELETE", f"{social}/members/{cast.bob.id}", None)
    assert (await call(edge, cast.mallory, *leaving)).status == 404


async def test_O06_a_request_is_answered_by_whom_it_was_sent_to(
    cast: Cast, register: Register, edge: str, system: System
) -> None:
    carol, dave, erin = [await register(name) for name in ("carol", "dave", "erin")]
    requests = "/api/social/friend-requests"
    sent = await carol.call("POST", requests, json={"userId": dave.id}, expect=201)
    for person in (cast.mallory, carol):
        for answer in ("agree", "reject"):
            assert (await call(edge, person, "POST", f"{requests}/{sent['id']}/{answer}")).status == 404
    for person in (cast.mallory, dave):
        assert (await call(edge, person, "DELETE", f"{requests}/{sent['id']}")).status == 404
    for answer in ("agree", "reject"):
        assert (await call(edge, dave, "POST", f"{requests}/{NOWHERE}/{answer}")).status == 404
    assert (await call(edge, carol, "POST", requests, {"userId": carol.id})).status == 400
    assert (await call(edge, carol, "POST", requests, {"username": carol.username})).status == 400
    assert (await call(edge, carol, "POST", requests, {"userId": dave.id})).json()["code"] == "already_requested"
    await dave.call("POST", f"{requests}/{sent['id']}/reject")
    for answer in ("agree", "reject"):
        again = await call(edge, dave, "POST", f"{requests}/{sent['id']}/{answer}")
        assert (again.status, again.json()["code"]) == (409, "not_pending")
    assert (await carol.call("GET", "/api/social/friends"))["friends"] == []
    # Crossed, and each of them five times.
    answers = await asyncio.gather(
        *(call(edge, one, "POST", requests, {"userId": other.id}) for one, other in ((dave, erin), (erin, dave)) * 5)
    )
    assert {answer.status for answer in answers} <= {200, 201, 409}
    assert [answer.json()["status"] for answer in answers if answer.status == 200].count("agreed") >= 1
    for one, other in ((dave, erin), (erin, dave)):
        friends = (await one.call("GET", "/api/social/friends"))["friends"]
        assert [friend["user"]["id"] for friend in friends] == [other.id]
    rows = await system.stores.sql(
        f"SELECT since FROM social.friendships WHERE {dave.id} IN (low_id, high_id)", "social"
    )
    assert len(rows) == 1


async def test_O07_the_sender_is_who_has_signed_in(cast: Cast, gateways: list[str]) -> None:
    async with (
        await WebSocket.enter(gateways[0], cast.alice.token) as alice,
        await WebSocket.enter(gateways[1], cast.bob.token) as bob,
        await WebSocket.enter(gateways[1], cast.mallory.token) as mallory,
    ):
        disguises: list[dict[str, Any]] = [
            {name: value}
            for name in ("sendUserId", "userId", "senderId", "sender_id")
            for value in (cast.alice.id, str(cast.alice.id))
        ]
        disguises += [{"sender": {"id": cast.alice.id, "nickname": "Alice"}}, {"sender": cast.alice.id}]
        for number, disguise in enumerate(disguises):
            text = f"in disguise {number}"
            for payload in (message(cast.room, text) | disguise, message(cast.room, text + "b", **disguise)):
                answer = await bob.call("sendMessage", payload)
                assert "error" not in answer, answer
                cast.named.append(payload["message"]["content"])  # type: ignore[index]
                heard = await alice.event("message")
                assert (heard["seq"], heard["sender"]["id"]) == (answer["seq"], cast.bob.id)
                refused = await mallory.call("sendMessage", payload | {"clientId": str(uuid.uuid4())})
                assert refused["error"]["code"] == "chatroom_not_found"
        page = await cast.alice.page(cast.room, limit=200)
        assert {entry["sender"]["id"] for entry in page["messages"] if "sender" in entry} == {cast.bob.id}


async def test_O08_no_way_of_writing_an_id_lets_a_stranger_in(cast: Cast, gateways: list[str]) -> None:
    room = cast.room
    async with (
        await WebSocket.enter(gateways[0], cast.alice.token) as alice,
        await WebSocket.enter(gateways[0], cast.bob.token) as bob,
        await WebSocket.enter(gateways[0], cast.mallory.token) as mallory,
    ):
        ways: list[Any] = [
            room, str(room), [room], [[room]], {"id": room}, {"chatroomId": room}, f"{room},", f" {room}", f"0{room}",
            f"+{room}", f"chatroom:{room}", True, None, float(room), f"{room}.1", f"{room}\x00", {"$gt": 0}, [room, room],
        ]  # fmt: skip
        for way in ways:
            for more in ({}, {"userId": cast.alice.id}, {"after": 0}, {"user": {"id": cast.alice.id}, "sub": cast.alice.id}):
                answer = await mallory.call("joinRoom", {"chatroomId": way, **more})
                assert answer["error"]["code"] in ("chatroom_not_found", "invalid_request"), (way, more, answer)
            answer = await mallory.call("joinRoom", way, {"userId": cast.alice.id})
            assert "error" in answer, (way, answer)
        for event in ("join", "joinChatroom", "subscribe", "room", "message", "ready"):
            assert (await mallory.call(event, {"chatroomId": room}))["error"]["code"] == "unknown_event"
        await cast.say(alice, "secret")
        await alice.call("typing", {"chatroomId": room})
        assert (await bob.event("message"))["content"] == "secret"
        # What is hers comes after what is not: on her socket nothing of the room lies between.
        assert (await mallory.call("sync", {"cursors": {str(room): 0}})) == {"heads": {}, "more": False}
        assert [name for name, _ in mallory.events] == ["ready"]


IDS = [
    "-1", "0", "9223372036854775808", "1e3", "1.5", "1%20OR%201=1", "%00", "..%2F", "%D9%A1", "1" * 10_000, "1'--", "null",
    "0x10", "%F0%9F%98%80", "1%0d%0aX:1",
]  # fmt: skip


async def test_O09_ids_that_are_none_are_refused_everywhere(cast: Cast, edge: str, gateways: list[str]) -> None:
    for id in IDS:
        paths = [
            f"/api/social/chatrooms/{id}", f"/api/social/chatrooms/{id}/members", f"/api/history/chatrooms/{id}/messages",
            f"/api/auth/users/{id}", f"/api/media/files/{id}/x", f"/api/social/chatrooms/{cast.room}/members/{id}x",
            f"/api/history/chatrooms/{cast.room}/messages/{id}/readers",
        ]  # fmt: skip
        for path in paths:
            answer = await call(edge, cast.bob, "GET", path)
            assert answer.status in (400, 404, 405), (path[:80], answer)
        changes = [
            ("DELETE", f"/api/social/friends/{id}"), ("POST", f"/api/social/friend-requests/{id}/agree"),
            ("PUT", f"/api/social/blocks/{id}"), ("PUT", f"/api/social/chatrooms/direct/{id}"),
            ("DELETE", f"/api/history/favorites/{id}"), ("DELETE", f"/api/history/chatrooms/{cast.room}/messages/{id}"),
            ("DELETE", f"/api/auth/me/sessions/{id}"), ("DELETE", f"/api/media/files/{id}"),
        ]  # fmt: skip
        for method, path in changes:
            answer = await call(edge, cast.bob, method, path)
            assert answer.status in (400, 404), (method, path[:80], answer)
        for query in (f"before={id}", f"after={id}", f"around={id}", f"limit={id}"):
            answer = await call(edge, cast.bob, "GET", f"/api/history/chatrooms/{cast.room}/messages?{query}")
            allowed = (200, 400, 404) if id == "0" else (400, 404)
            assert answer.status in allowed, (query[:80], answer)
    values: list[Any] = [-1, 0, 2**63, 1e3 + 0.5, 1.5, "1 OR 1=1", "\x00", "../", "١", "1" * 10_000, [1], {"id": 1}, True, None]
    async with await WebSocket.enter(gateways[0], cast.bob.token) as bob:
        for value in values:
            bodies = [
                ("POST", "/api/social/friend-requests", {"userId": value}),
                ("POST", f"/api/social/chatrooms/{cast.room}/members", {"userIds": [value]}),
                ("POST", "/api/history/favorites", {"messageId": value}),
                ("PUT", f"/api/history/chatrooms/{cast.room}/cursor", {"seq": value}),
            ]
            for method, path, body in bodies:
                answer = await call(edge, cast.bob, method, path, body)
                allowed = (200, 400, 404) if path.endswith("cursor") and value == 0 and value is not False else (400, 404)
                assert answer.status in allowed, (path, str(value)[:60], answer)
            for event in ("joinRoom", "leaveRoom", "typing", "read", "sendMessage"):
                payload = {**message(cast.room, "never"), "seq": 1, "chatroomId": value}
                answer = await bob.call(event, payload)
                if event == "leaveRoom" and "error" not in answer:
                    continue
                assert answer["error"]["code"] in ("invalid_request", "chatroom_not_found"), (event, value, answer)


async def test_O10_search_and_replies_tell_nothing_of_a_foreign_chatroom(
    cast: Cast, edge: str, gateways: list[str]
) -> None:
    secret = f"samovar{uuid.uuid4().hex}"
    async with (
        await WebSocket.enter(gateways[0], cast.alice.token) as alice,
        await WebSocket.enter(gateways[0], cast.mallory.token) as mallory,
    ):
        seq = await cast.say(alice, secret)

        async def is_found() -> bool:
            return bool((await cast.bob.call("GET", f"/api/history/search?query={secret}"))["messages"])

        await eventually(is_found)
        for query in (
            f"query={secret}", f"query=samovar&chatroomId={cast.room}", f"query=samovar&from={cast.alice.id}",
            f"query=in:{cast.room}", f"query=in:R%20{secret}", f"query={secret}&type=text",
        ):  # fmt: skip
            answer = await call(edge, cast.mallory, "GET", f"/api/history/search?{query}")
            assert answer.status in (200, 400, 404) and secret.encode() not in answer.body
            if answer.status == 200:
                assert answer.json()["messages"] == []
        own = await cast.mallory.group("own")
        for more in ({"replyTo": seq}, {"replyTo": seq, "replyToChatroom": cast.room}, {"forward": f"{cast.room}.{seq}"}):
            answer = await mallory.call("sendMessage", message(own, "see", **more))
            assert secret not in json.dumps(answer)
        for path in (
            f"/api/history/chatrooms/{own}/messages", "/api/history/chatrooms", "/api/history/export", "/api/history/favorites",
            f"/api/social/chatrooms?query={cast.room}", "/api/social/chatrooms?query=R",
        ):  # fmt: skip
            answer = await call(edge, cast.mallory, "GET", path)
            assert answer.status == 200 and secret.encode() not in answer.body, path
            assert f'"chatroomId":{cast.room},'.encode() not in answer.body
        assert secret not in json.dumps(mallory.events)


async def test_O11_a_file_that_one_may_not_read_cannot_be_sent_on(cast: Cast, edge: str, gateways: list[str]) -> None:
    file = await cast.alice.call(
        "POST", "/api/media/uploads", params={"name": "x.bin", "chatroomId": cast.room}, data=b"secret", headers=OCTETS,
        expect=201,
    )  # fmt: skip
    own = await cast.mallory.group("own")
    async with await WebSocket.enter(gateways[0], cast.mallory.token) as mallory:
        for kind in ("file", "image"):
            answer = await mallory.call("sendMessage", message(own, "", type=kind, mediaId=file["id"]))
            assert answer["error"]["code"] == "media_not_found", answer
    assert (await call(edge, cast.mallory, "GET", file["url"])).status == 404
    assert (await cast.mallory.page(own))["messages"] == []


@pytest.mark.parametrize("moment", ["before ready", "in the middle of joining"])
async def test_O13_a_kick_while_memberships_are_asked_for_is_heard(
    moment: str, cast: Cast, system: System, gateways: list[str]
) -> None:
    direct = await cast.alice.direct(cast.bob)
    speaker = await WebSocket.enter(gateways[0], cast.alice.token)
    try:
        before = await cast.say(speaker, "before")
        async with gateway_behind(system, "held") as (gateway, proxy), await WebSocket.open(gateway.public) as bob:
            proxy.is_holding = moment == "before ready"
            await bob.connect(cast.bob.token, cursors={str(cast.room): 0})
            if not proxy.is_holding:
                await bob.event("ready")
                proxy.is_holding = True
                await bob.say("421" + json.dumps(["joinRoom", {"chatroomId": cast.room, "after": 0}]))
            async with asyncio.timeout(10):
                await proxy.held.wait()
            members = f"/api/social/chatrooms/{cast.room}/members"
            await cast.alice.call("DELETE", f"{members}/{cast.bob.id}", expect=204)
            secret = await cast.say(speaker, "after")
            proxy.is_holding = False
            proxy.released.set()
            if moment == "before ready":
                assert await bob.event("ready")
            later = await cast.say(speaker, "later")
            answer = await bob.call("sendMessage", message(cast.room, "still me"))
            assert answer["error"]["code"] == "chatroom_not_found"
            answer = await bob.call("joinRoom", {"chatroomId": cast.room, "after": 0})
            assert answer["error"]["code"] == "chatroom_not_found"
            last = (await speaker.call("sendMessage", message(direct, "for him")))["seq"]
            while not bob.entries(direct) or bob.entries(direct)[-1]["seq"] < last:
                assert await bob.event("message")
            seen = {entry["seq"] for entry in bob.entries(cast.room)}
            assert not seen & set(range(secret, later + 1)), seen
            assert before in seen or moment == "before ready"
        # For good: also on a node that was not there.
        async with await WebSocket.enter(gateways[1], cast.bob.token, cursors={str(cast.room): 0}) as anew:
            assert not anew.entries(cast.room)
        await cast.alice.call("POST", members, json={"userIds": [cast.bob.id]})
    finally:
        await speaker.__aexit__(None, None, None)
