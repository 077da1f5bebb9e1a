"""The contract over REST, through the edge, as other people's clients use it."""

import uuid

import pytest

from conftest import Register
from teahouse import Person, eventually


def assert_refusal(answer: tuple[int, object, object], status: int, code: str) -> None:
    got, body, _ = answer
    assert got == status, (got, body)
    assert isinstance(body, dict) and body["code"] == code, body
    assert isinstance(body["message"], str) and body["message"]


async def test_somebody_registers_and_is_signed_in(edge: str) -> None:
    async with await Person.register(edge, "ann") as ann:
        assert set(ann.user) >= {"id", "username", "nickname"}
        me = await ann.call("GET", "/api/auth/me")
        assert (me["id"], me["username"], me["nickname"]) == (ann.id, ann.username, "Ann")


async def test_a_username_is_taken_once(register: Register, edge: str) -> None:
    ann = await register("ann")
    async with Person.anonymous(edge) as other:
        body = {"username": ann.username, "password": "another password"}
        assert_refusal(await other.ask("POST", "/api/auth/register", json=body), 409, "username_taken")


@pytest.mark.parametrize(
    "body",
    [
        {"username": "ab", "password": "long enough"},
        {"username": "with space", "password": "long enough"},
        {"username": "a" * 33, "password": "long enough"},
        {"username": "shortpassword", "password": "short"},
        {"username": "longpassword", "password": "x" * 129},
        {"username": "wrong-type", "password": 12345678},
        {"username": "nul-in-name", "password": "long enough", "nickname": "a\u0000b"},
        {"password": "long enough"},
        {},
        [],
    ],
    ids=str,
)
async def test_what_cannot_be_an_account_is_refused(edge: str, body: object) -> None:
    async with Person.anonymous(edge) as nobody:
        assert_refusal(await nobody.ask("POST", "/api/auth/register", json=body), 400, "invalid_request")


async def test_sign_in_needs_the_right_password_and_tells_nothing(register: Register, edge: str) -> None:
    ann = await register("ann")
    async with Person.anonymous(edge) as other:
        wrong = await other.ask("POST", "/api/auth/login", json={"username": ann.username, "password": "not this one"})
        nobody = {"username": f"nobody-{uuid.uuid4().hex[:8]}", "password": "not this one"}
        unknown = await other.ask("POST", "/api/auth/login", json=nobody)
        assert_refusal(wrong, 401, "invalid_credentials")
        assert wrong[:2] == unknown[:2]
        right = await other.call("POST", "/api/auth/login", json={"username": ann.username, "password": ann.password})
        assert right["user"]["id"] == ann.id


async def test_sign_out_ends_the_token_everywhere(register: Register) -> None:
    ann = await register("ann")
    await ann.call("POST", "/api/auth/logout", expect=204)
    for path in ("/api/auth/me", "/api/social/friends", "/api/history/chatrooms", "/api/media/files/x/y"):

        async def is_refused(path: str = path) -> bool:
            return (await ann.ask("GET", path))[0] == 401

        # The other services hear of it within a second.
        await eventually(is_refused, within=2)
    assert_refusal(await ann.ask("GET", "/api/auth/me"), 401, "unauthenticated")


@pytest.mark.parametrize(
    "path",
    [
        "/api/auth/me", "/api/social/friends", "/api/social/chatrooms", "/api/history/chatrooms",
        "/api/history/favorites", "/api/media/files/8d6b3d5e-3c1f-4a4e-9a0b-0f6d6a1b2c3d/x.png",
    ],
)
@pytest.mark.parametrize("token", [None, "nonsense", "a.b.c"])
async def test_nobody_reads_anything_without_a_token(edge: str, path: str, token: str | None) -> None:
    async with Person.anonymous(edge) as nobody:
        nobody.token = token
        assert_refusal(await nobody.ask("GET", path), 401, "unauthenticated")


async def test_people_are_found_by_username_and_nickname(register: Register) -> None:
    ann, bob = await register("ann"), await register("bob")
    found = await ann.call("GET", "/api/auth/users", params={"query": bob.username[:-2]})
    assert [user["id"] for user in found["users"]] == [bob.id]
    assert set(found["users"][0]) <= {"id", "username", "nickname", "avatar"}
    by_id = await ann.call("GET", "/api/auth/users", params={"ids": f"{bob.id},{ann.id}"})
    assert {user["id"] for user in by_id["users"]} == {ann.id, bob.id}


async def test_a_request_is_made_seen_and_agreed(register: Register) -> None:
    ann, bob = await register("ann"), await register("bob")
    body = {"username": bob.username, "reason": "我们一起喝茶吧 🍵"}
    made = await ann.call("POST", "/api/social/friend-requests", json=body, expect=201)
    assert made["status"] == "pending" and made["user"]["id"] == bob.id
    again = await ann.ask("POST", "/api/social/friend-requests", json=body)
    assert_refusal(again, 409, "already_requested")

    received = (await bob.call("GET", "/api/social/friend-requests"))["received"]
    assert [(each["id"], each["user"]["id"], each["reason"]) for each in received] == [
        (made["id"], ann.id, body["reason"])
    ]
    # Only the receiver answers it.
    status, _, _ = await ann.ask("POST", f"/api/social/friend-requests/{made['id']}/agree")
    assert status == 404
    await bob.call("POST", f"/api/social/friend-requests/{made['id']}/agree")
    assert_refusal(await bob.ask("POST", f"/api/social/friend-requests/{made['id']}/agree"), 409, "not_pending")

    for one, other in ((ann, bob), (bob, ann)):
        friends = (await one.call("GET", "/api/social/friends"))["friends"]
        assert [each["user"]["id"] for each in friends] == [other.id]
    again = await bob.ask("POST", "/api/social/friend-requests", json={"userId": ann.id})
    assert_refusal(again, 409, "already_friends")


async def test_requests_that_cross_agree_at_once(register: Register) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.call("POST", "/api/social/friend-requests", json={"userId": bob.id}, expect=201)
    crossed = await bob.call("POST", "/api/social/friend-requests", json={"userId": ann.id}, expect=200)
    assert crossed["status"] == "agreed"


async def test_a_rejected_request_makes_no_friends(register: Register) -> None:
    ann, bob = await register("ann"), await register("bob")
    made = await ann.call("POST", "/api/social/friend-requests", json={"userId": bob.id}, expect=201)
    await bob.call("POST", f"/api/social/friend-requests/{made['id']}/reject")
    assert (await ann.call("GET", "/api/social/friends"))["friends"] == []
    sent = (await ann.call("GET", "/api/social/friend-requests"))["sent"]
    assert [each["status"] for each in sent] == ["rejected"]


async def test_one_is_not_ones_own_friend(register: Register) -> None:
    ann = await register("ann")
    status, body, _ = await ann.ask("POST", "/api/social/friend-requests", json={"userId": ann.id})
    assert (status, body["code"]) == (400, "invalid_request")


async def test_the_direct_chatroom_is_always_the_same_one(register: Register) -> None:
    ann, bob, eve = [await register(name) for name in ("ann", "bob", "eve")]
    await ann.befriend(bob)
    assert await ann.direct(bob) == await bob.direct(ann) == await ann.direct(bob)
    seen = (await ann.call("GET", "/api/social/chatrooms"))["chatrooms"]
    assert [(room["type"], room["name"], room["peer"]["id"]) for room in seen] == [("direct", "Bob", bob.id)]
    status, _, _ = await eve.ask("PUT", f"/api/social/chatrooms/direct/{ann.id}")
    assert status in (403, 404)


async def test_a_group_has_members_and_strangers_see_nothing(register: Register) -> None:
    ann, bob, cat, eve = [await register(name) for name in ("ann", "bob", "cat", "eve")]
    await ann.befriend(bob)
    await ann.befriend(cat)
    group = await ann.group("茶友", bob)
    await ann.call("POST", f"/api/social/chatrooms/{group}/members", json={"userIds": [cat.id]})
    members = (await bob.call("GET", f"/api/social/chatrooms/{group}/members"))["members"]
    assert {(each["user"]["id"], each["role"]) for each in members} == {
        (ann.id, "owner"), (bob.id, "member"), (cat.id, "member"),
    }
    assert (await cat.call("GET", f"/api/social/chatrooms/{group}"))["memberCount"] == 3

    unknown = group + 10_000_000
    for path in (
        "/api/social/chatrooms/{}", "/api/social/chatrooms/{}/members", "/api/history/chatrooms/{}/messages",
    ):
        hidden, missing = await eve.ask("GET", path.format(group)), await eve.ask("GET", path.format(unknown))
        assert_refusal(hidden, 404, "chatroom_not_found")
        assert hidden[:2] == missing[:2]
    assert_refusal(
        await eve.ask("POST", f"/api/social/chatrooms/{group}/members", json={"userIds": [eve.id]}),
        404, "chatroom_not_found",
    )
    status, body, _ = await bob.ask("DELETE", f"/api/social/chatrooms/{group}/members/{cat.id}")
    assert (status, body["code"]) == (403, "forbidden")


async def test_every_answer_has_a_request_id(register: Register) -> None:
    ann = await register("ann")
    wanted = f"test-{uuid.uuid4().hex}"
    for path in ("/api/auth/me", "/api/social/friends", "/api/history/chatrooms"):
        _, _, headers = await ann.ask("GET", path, headers={"x-request-id": wanted})
        assert headers["x-request-id"] == wanted


async def test_the_internal_side_is_not_behind_the_edge(register: Register) -> None:
    ann = await register("ann")
    for path in ("/internal/messages", "/api/history/internal/messages", "/metrics", "/api/auth/metrics"):
        status, body, _ = await ann.ask("POST", path, json={})
        assert status in (404, 405), (path, status, body)
