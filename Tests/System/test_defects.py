"""What the system that this one descends from did wrong, one test for each that it is not so here."""

import asyncio
import re
import uuid

import pytest
import socketio

from attacks.system import System
from conftest import Connect, Register
from images import photograph
from teahouse import Person, eventually


@pytest.fixture
async def client(edge: str):
    """Nobody yet, from an address of their own, for which failures count."""
    async with Person.anonymous(edge, "127.0.77.7") as person:
        yield person


async def mailed(system: System, client: Person, purpose: str, address: str) -> str:
    """The code that was sent to an address."""
    await client.call("POST", "/api/auth/codes", json={"email": address, "purpose": purpose}, expect=202)
    async with Person.anonymous(system["auth"].internal) as operator:
        mails = (await operator.call("GET", "/mailbox.json"))["mails"]
    text = next(mail["text"] for mail in mails if mail["to"] == address)
    return re.search(r"\b\d{8}\b", text)[0]


async def with_address(client: Person, name: str) -> dict:
    body = {"username": f"{name}-{uuid.uuid4().hex[:8]}", "password": client.password,
            "email": f"{uuid.uuid4().hex}@example.org"}  # fmt: skip
    return (await client.call("POST", "/api/auth/register", json=body, expect=201))["user"]


async def test_1_a_socket_is_somebody_and_hears_and_says_only_what_they_may(
    register: Register, connect: Connect, edge: str
) -> None:
    alice, mallory = await register("alice"), await register("mallory")
    room, own = await alice.group("hers"), await mallory.group("mine")
    nobody = socketio.AsyncClient(reconnection=False)
    with pytest.raises(socketio.exceptions.ConnectionError):
        await nobody.connect(edge, transports=["websocket"], wait_timeout=5)
    socket = await connect(mallory, edge)
    assert (await socket.io.call("joinRoom", {"chatroomId": room}))["error"]["code"] == "chatroom_not_found"
    assert "error" in await socket.send(room, "let me in")
    claimed = {"id": alice.id, "nickname": "Alice"}
    receipt = await socket.say(own, "who am I?", sender=claimed, senderId=alice.id)
    page = await mallory.page(own)
    said = next(message for message in page["messages"] if message["seq"] == receipt["seq"])
    assert said["sender"]["id"] == mallory.id


async def test_2_a_code_for_ones_own_address_opens_no_other_account(system: System, client: Person) -> None:
    alice, mallory = await with_address(client, "alice"), await with_address(client, "mallory")
    code = await mailed(system, client, "resetPassword", mallory["email"])
    body = {"username": alice["username"], "code": code, "newPassword": "another horse battery"}
    assert (await client.call("POST", "/api/auth/password-reset", json=body, expect=400))["code"] == "invalid_code"
    login = {"username": alice["username"], "password": client.password}
    await client.call("POST", "/api/auth/login", json=login)


async def test_3_codes_are_used_up_guesses_and_mails_are_few_and_no_secret_is_kept_clear(
    system: System, client: Person
) -> None:
    alice = await with_address(client, "alice")
    codes = [await mailed(system, client, "resetPassword", alice["email"]) for _ in range(3)]
    assert len(set(codes)) == 3
    body = {"username": alice["username"], "code": codes[2], "newPassword": "another horse battery"}
    rows = await system.stores.sql(f"SELECT * FROM auth.codes WHERE user_id = {alice['id']}", "auth")
    assert len(rows) == 1 and codes[2] not in str(rows)
    hashes = await system.stores.sql(f"SELECT password_hash FROM auth.users WHERE id = {alice['id']}", "auth")
    assert hashes[0]["password_hash"].startswith("$argon2id$")
    await client.call("POST", "/api/auth/password-reset", json=body, expect=204)
    await client.call("POST", "/api/auth/password-reset", json=body, expect=400)

    code = await mailed(system, client, "resetPassword", alice["email"])
    for guess in range(5):
        await client.call("POST", "/api/auth/password-reset", json={**body, "code": f"{guess:08}"}, expect=400)
    await client.call("POST", "/api/auth/password-reset", json={**body, "code": code}, expect=400)
    again = {"email": alice["email"], "purpose": "resetPassword"}
    await client.call("POST", "/api/auth/codes", json=again, expect=202)
    status, _, headers = await client.ask("POST", "/api/auth/codes", json=again)
    assert status == 429 and int(headers["Retry-After"]) > 0


async def test_4_who_signs_out_is_out_and_no_token_is_made_of_an_old_one(register: Register, edge: str) -> None:
    alice = await register("alice")
    await alice.call("POST", "/api/auth/logout", expect=204)
    assert (await alice.ask("POST", "/api/auth/renew"))[0] == 401

    async def is_out() -> bool:
        return (await alice.ask("GET", "/api/social/friends"))[0] == 401

    await eventually(is_out, within=2)


async def test_5_history_and_members_are_for_members_and_come_in_pages(
    register: Register, connect: Connect, edge: str
) -> None:
    alice, mallory = await register("alice"), await register("mallory")
    room = await alice.group("hers")
    socket = await connect(alice, edge)
    for number in range(60):
        await socket.say(room, f"{number}")
    for path in (f"/api/history/chatrooms/{room}/messages", f"/api/social/chatrooms/{room}/members"):
        assert (await mallory.call("GET", path, expect=404))["code"] == "chatroom_not_found"
        await alice.call("GET", path, params={"limit": 201}, expect=400)
    assert len((await alice.page(room))["messages"]) == 50


async def test_6_members_and_favorites_are_changed_by_whom_they_concern(
    register: Register, connect: Connect, edge: str
) -> None:
    alice, bob, mallory = [await register(name) for name in ("alice", "bob", "mallory")]
    await alice.befriend(bob)
    room = await alice.group("hers", bob)
    members = f"/api/social/chatrooms/{room}/members"
    await mallory.call("POST", members, json={"userIds": [mallory.id]}, expect=404)
    await mallory.call("DELETE", f"{members}/{bob.id}", expect=404)
    await bob.call("DELETE", f"{members}/{alice.id}", expect=403)
    await bob.call("POST", members, json={"userIds": [mallory.id]}, expect=404)
    said = await (await connect(alice, edge)).say(room, "keep me")
    await bob.call("POST", "/api/history/favorites", json={"messageId": said["id"]}, expect=201)
    await alice.ask("DELETE", f"/api/history/favorites/{said['id']}")
    assert len((await bob.call("GET", "/api/history/favorites"))["favorites"]) == 1
    assert len((await alice.call("GET", members))["members"]) == 2


async def test_7_two_people_have_one_chatroom_and_part_on_both_sides(register: Register) -> None:
    alice, bob = await register("alice"), await register("bob")
    await alice.befriend(bob)
    rooms = await asyncio.gather(*(one.direct(other) for _ in range(25) for one, other in ((alice, bob), (bob, alice))))
    assert len(set(rooms)) == 1
    await bob.call("DELETE", f"/api/social/friends/{alice.id}", expect=204)
    for person in (alice, bob):
        assert (await person.call("GET", "/api/social/friends"))["friends"] == []


async def test_8_requests_are_made_once_crossed_ones_agree_and_only_pending_ones_are_answered(
    register: Register,
) -> None:
    alice, bob, carol = [await register(name) for name in ("alice", "bob", "carol")]
    path = "/api/social/friend-requests"
    made = await alice.call("POST", path, json={"userId": bob.id}, expect=201)
    again = await alice.call("POST", path, json={"userId": bob.id}, expect=409)
    assert again["code"] == "already_requested"
    await alice.call("POST", f"{path}/{made['id']}/agree", expect=404)
    await carol.call("POST", f"{path}/{made['id']}/agree", expect=404)
    crossed = await bob.call("POST", path, json={"userId": alice.id}, expect=200)
    assert crossed["status"] == "agreed"
    assert (await bob.call("POST", f"{path}/{made['id']}/agree", expect=409))["code"] == "not_pending"


async def test_9_files_of_one_name_are_two_private_and_without_a_place(register: Register, edge: str) -> None:
    alice, mallory = await register("alice"), await register("mallory")
    room = await alice.group("hers")
    options = {"params": {"name": "same.txt", "chatroomId": room}, "headers": {"content-type": "application/octet-stream"}}
    files = [
        await alice.call("POST", "/api/media/uploads", data=content, expect=201, **options)
        for content in (b"first", b"second")
    ]
    assert [await alice.call("GET", file["url"]) for file in files] == [b"first", b"second"]
    async with Person.anonymous(edge) as nobody:
        await mallory.call("GET", files[0]["url"], expect=404)
        await nobody.call("GET", files[0]["url"], expect=401)
    options["params"]["name"] = "me.jpg"
    taken = photograph("JPEG", "Somewhere secret")
    picture = await alice.call("POST", "/api/media/uploads", data=taken, expect=201, **options)
    assert b"Somewhere secret" in taken
    assert b"Somewhere secret" not in await alice.call("GET", picture["url"])


async def test_10_nothing_changes_by_get_favorites_are_single_and_what_was_missed_is_caught_up(
    register: Register, connect: Connect, edge: str
) -> None:
    alice, bob = await register("alice"), await register("bob")
    await alice.befriend(bob)
    room = await alice.group("tea", bob)
    for path in ("/api/auth/logout", f"/api/social/friends/{bob.id}/delete", "/api/social/friend-requests/1/agree"):
        assert (await alice.ask("GET", path))[0] in (404, 405)
    assert len((await alice.call("GET", "/api/social/friends"))["friends"]) == 1

    his = await connect(bob, edge, keep_cursors=True)
    hers = await connect(alice, edge)
    heard = await hers.say(room, "now")
    await his.until_seq(room, heard["seq"])
    await his.close()
    missed = [await hers.say(room, f"missed {number}") for number in range(3)]
    chats = (await bob.call("GET", "/api/history/chatrooms"))["chatrooms"]
    assert next(chat["unread"] for chat in chats if chat["chatroomId"] == room) >= 3
    again = await connect(bob, edge, cursors={room: heard["seq"]})
    await again.until_seq(room, missed[-1]["seq"])
    assert [message["content"] for message in again.messages(room)] == ["missed 0", "missed 1", "missed 2"]
    for expected in (201, 200):
        await bob.call("POST", "/api/history/favorites", json={"messageId": missed[0]["id"]}, expect=expected)
    assert len((await bob.call("GET", "/api/history/favorites"))["favorites"]) == 1
