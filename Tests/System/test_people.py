"""What people let others do and see, what they report, and what operators do about it: live, over the whole system."""

import time
from typing import Any

from attacks.system import System
from conftest import Connect, Register
from operators import Operator
from teahouse import Person, SocketClient, eventually


def saw(client: SocketClient, event: str, **values: Any) -> bool:
    return any(all(each.get(key) == value for key, value in values.items()) for each in client.told(event))


async def test_who_hides_is_not_seen_and_shows_themself_again(
    register: Register, connect: Connect, gateways: list[str]
) -> None:
    ann, bob, cat = [await register(name) for name in ("ann", "bob", "cat")]
    await ann.befriend(bob)
    await ann.befriend(cat)
    group = await ann.group("tea", bob, cat)
    hers = await connect(ann, gateways[0])
    await connect(bob, gateways[1])
    await hers.until(lambda: saw(hers, "presence", userId=bob.id, online=True), 10)

    async def friend(person: Person) -> dict[str, Any]:
        friends = (await ann.call("GET", "/api/social/friends"))["friends"]
        return next(each for each in friends if each["user"]["id"] == person.id)

    async def member(person: Person, seen_by: Person) -> dict[str, Any]:
        members = (await seen_by.call("GET", f"/api/social/chatrooms/{group}/members"))["members"]
        return next(each for each in members if each["user"]["id"] == person.id)

    assert (await friend(bob))["online"] and (await member(bob, cat))["online"]
    begun = time.monotonic()
    await bob.call("PATCH", "/api/auth/me/privacy", json={"presence": "nobody"})
    await hers.until(lambda: saw(hers, "presence", userId=bob.id, online=False), 5)
    assert time.monotonic() - begun < 3

    async def is_hidden() -> bool:
        seen = await friend(bob)
        return not seen["online"] and "lastSeenAt" not in seen and not (await member(bob, cat))["online"]

    await eventually(is_hidden, within=3)
    count = len(hers.told("presence"))
    await bob.call("PATCH", "/api/auth/me/privacy", json={"presence": "friends"})
    await hers.until(lambda: len(hers.told("presence")) > count, 5)
    assert hers.told("presence")[-1] == {"userId": bob.id, "online": True}
    # A block between friends acts as hiding does, and only between the two.
    await bob.call("PUT", f"/api/social/blocks/{ann.id}")
    await hers.until(lambda: hers.told("presence")[-1] == {"userId": bob.id, "online": False}, 5)
    assert not (await friend(bob))["online"] and (await member(bob, cat))["online"]


async def test_typing_and_reading_are_told_by_and_to_those_who_tell(
    register: Register, connect: Connect, gateways: list[str]
) -> None:
    ann, bob, cat = [await register(name) for name in ("ann", "bob", "cat")]
    for friend in (bob, cat):
        await ann.befriend(friend)
    group = await ann.group("tea", bob, cat)
    await bob.call("PATCH", "/api/auth/me/privacy", json={"typing": False, "receipts": False})
    clients = [await connect(person, gateways[index % 2]) for index, person in enumerate((ann, bob, cat))]
    hers, his, third = clients
    said = await hers.say(group, "hello")
    for client in clients:
        await client.until_seq(group, said["seq"])
    await his.io.call("typing", {"chatroomId": group}, timeout=10)
    await hers.io.call("typing", {"chatroomId": group}, timeout=10)
    await third.until(lambda: saw(third, "typing", userId=ann.id), 10)
    # What is said after it has come to all: had the other come too, it would be here.
    said = await hers.say(group, "fence")
    for client in clients:
        await client.until_seq(group, said["seq"])
    assert not saw(third, "typing", userId=bob.id) and not saw(hers, "typing", userId=bob.id)
    assert his.told("typing") == []


async def test_requests_come_from_whom_one_takes_them(register: Register) -> None:
    ann, bob, cat, dan = [await register(name) for name in ("ann", "bob", "cat", "dan")]
    path, body = "/api/social/friend-requests", {"userId": bob.id}
    await bob.call("PATCH", "/api/auth/me/privacy", json={"requests": "nobody"})
    assert (await ann.call("POST", path, json=body, expect=403))["code"] == "request_not_allowed"
    code = (await bob.call("PATCH", "/api/auth/me/privacy", json={"requests": "code"}))["code"]
    assert (await ann.call("POST", path, json=body, expect=403))["code"] == "request_not_allowed"
    assert (await ann.call("POST", path, json={**body, "code": "AAAA-AAAA-AAAA"}, expect=403))[
        "code"
    ] == "request_not_allowed"
    await ann.call("POST", path, json={**body, "code": code.lower()}, expect=201)
    other = (await bob.call("POST", "/api/auth/me/privacy/code"))["code"]
    assert other != code
    await cat.call("POST", path, json={**body, "code": code}, expect=403)
    await bob.call("PATCH", "/api/auth/me/privacy", json={"requests": "sharesChatroom"})
    await cat.call("POST", path, json=body, expect=403)
    await dan.befriend(cat)
    await bob.call("POST", path, json={"userId": dan.id}, expect=201)
    await dan.call("POST", path, json=body, expect=200)
    await dan.group("tea", bob, cat)
    await cat.call("POST", path, json=body, expect=201)


async def test_another_device_hears_of_settings_and_roles(
    register: Register, connect: Connect, gateways: list[str]
) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    group = await ann.group("tea", bob)
    theirs = await connect(bob, gateways[1])
    await bob.call("PATCH", f"/api/social/chatrooms/{group}/settings", json={"pinned": True})
    settings = {"notify": "all", "pinned": True, "hidden": False}
    await theirs.until(lambda: saw(theirs, "chatroom", chatroom={"id": group, "settings": settings}), 5)
    await ann.call("PATCH", f"/api/social/chatrooms/{group}/members/{bob.id}", json={"role": "admin"})
    await theirs.until(
        lambda: any(each["chatroom"].get("role") == "admin" for each in theirs.told("chatroom")), 5
    )


async def test_what_is_reported_waits_for_operators(register: Register, connect: Connect, gateways: list[str],
                                                    system: System) -> None:  # fmt: skip
    ann, bob, eve = [await register(name) for name in ("ann", "bob", "eve")]
    await ann.befriend(bob)
    room = await ann.direct(bob)
    his = await connect(bob, gateways[0])
    said = await his.say(room, "buy my tea")
    report = {"messageId": said["id"], "reason": "spam"}
    unseen = await eve.call("POST", "/api/social/reports", json=report, expect=404)
    nothing = await eve.call("POST", "/api/social/reports", json={**report, "messageId": f"{room}.999"}, expect=404)
    assert unseen == nothing and unseen["code"] == "message_not_found"
    made = await ann.call("POST", "/api/social/reports", json=report, expect=201)
    assert made["status"] == "open" and made["userId"] == bob.id
    assert await ann.call("POST", "/api/social/reports", json=report) == made
    # Recalled since: the report knows what it was about.
    await bob.call("DELETE", f"/api/history/chatrooms/{room}/messages/{said['seq']}", expect=None)
    operator = Operator(system, "social", ann)
    found = next(each for each in await operator.reports() if each["id"] == made["id"])
    assert found["content"] == "buy my tea" and found["reporterId"] == ann.id
    path = f"/reports/{made['id']}"
    assert (await operator.call("POST", path, json={"status": "taken"}))["handledBy"] == "ann"
    await operator.call("POST", path, json={"status": "resolved", "note": "warned"})
    assert (await operator.call("POST", path, json={"status": "open"}, expect=409))["code"] == "report_settled"
    audit = (await operator.call("GET", "/audit"))["entries"]
    acts = [each["action"] for each in audit if each.get("reportId") == made["id"]]
    assert acts == ["report_resolved", "report_taken"]


async def test_a_disabled_account_is_gone_within_a_second_and_comes_back_when_enabled(
    register: Register, connect: Connect, gateways: list[str], system: System
) -> None:
    ann, bob = await register("ann"), await register("bob")
    client = await connect(bob, gateways[1])
    operator = Operator(system, "auth", ann)
    begun = time.monotonic()
    await operator.call("POST", f"/accounts/{bob.id}/disable", json={"note": "spam"})
    await client.until(lambda: client.disconnections == 1, 5)
    assert client.told("bye")[-1]["reason"] == "revoked"

    async def is_out() -> bool:
        return [(await bob.ask("GET", path))[0] for path in ("/api/social/friends", "/api/history/chatrooms")] == [401] * 2

    await eventually(is_out, within=2)
    assert time.monotonic() - begun < 4
    bob.token = None
    body = {"username": bob.username, "password": bob.password}
    assert (await bob.call("POST", "/api/auth/login", json=body, expect=403))["code"] == "account_disabled"
    wrong = {**body, "password": "wrong horse battery"}
    assert (await bob.call("POST", "/api/auth/login", json=wrong, expect=401))["code"] == "invalid_credentials"
    await operator.call("POST", f"/accounts/{bob.id}/enable", json={})
    await bob.call("POST", "/api/auth/login", json=body)
    made = await operator.call("PUT", f"/accounts/{bob.id}/password", json={"note": "forgotten"})
    await bob.call("POST", "/api/auth/login", json=body, expect=401)
    await bob.call("POST", "/api/auth/login", json={**body, "password": made["password"]})
    audit = (await operator.call("GET", "/audit", params={"userId": bob.id}))["entries"]
    assert {"disabled", "enabled", "password_set"} <= {each["action"] for each in audit if each.get("operator") == "ann"}


async def test_operators_hand_over_and_dissolve_a_group(
    register: Register, connect: Connect, gateways: list[str], system: System
) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    group = await ann.group("tea", bob)
    theirs = await connect(bob, gateways[0])
    operator = Operator(system, "social", ann)
    await operator.call("PUT", f"/chatrooms/{group}/owner", json={"userId": bob.id})
    assert (await bob.call("GET", f"/api/social/chatrooms/{group}"))["role"] == "owner"
    await operator.call("DELETE", f"/chatrooms/{group}", expect=204)
    await theirs.until(lambda: saw(theirs, "chatroom", kind="removed"), 5)
    await bob.call("GET", f"/api/social/chatrooms/{group}", expect=404)
    refused = await theirs.send(group, "anybody there?")
    assert refused["error"]["code"] == "chatroom_not_found"
