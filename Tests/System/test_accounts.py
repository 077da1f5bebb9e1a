"""Accounts from their first mail to their end, with a real mail server and stock clients."""

import uuid

from attacks.system import System
from conftest import Connect, Register
from mail import post
from teahouse import Person, eventually


async def test_a_mailed_code_registers_and_another_sets_a_new_password(system: System, edge: str) -> None:
    name = f"mail-{uuid.uuid4().hex[:10]}"
    address = f"{name}@example.org"
    async with post() as office:
        keys = {"AUTH_SMTP_URL": f"smtp://127.0.0.1:{office.port}", "AUTH_SMTP_TLS": "false",
                "AUTH_EMAIL_VERIFICATION": "required", "AUTH_MAIL_FROM": "tea@example.net"}  # fmt: skip
        with system.auth("mailing", **keys) as auth:
            await System.until_ready(auth)
            async with Person.anonymous(auth.public) as alice, Person.anonymous(edge) as elsewhere:
                body = {"username": name, "password": alice.password, "email": address}
                await alice.call("POST", "/api/auth/register", json=body, expect=400)
                await alice.call("POST", "/api/auth/codes", json={"email": address, "purpose": "register"}, expect=202)
                message, text = await office.next(address)
                assert message["From"] == "Teahouse <tea@example.net>" and message["To"] == address
                assert message["Date"] and message["Message-ID"]
                code = await office.code(address)
                made = await alice.call("POST", "/api/auth/register", json={**body, "code": code}, expect=201)
                assert made["user"]["email"] == address and made["user"]["emailVerified"]
                elsewhere.token = made["token"]
                await elsewhere.call("GET", "/api/social/friends")

                seen = len(office.received)
                await alice.call(
                    "POST", "/api/auth/codes", json={"email": address, "purpose": "resetPassword"}, expect=202
                )
                code = await office.code(address, seen)
                reset = {"username": name, "code": code, "newPassword": "another horse battery"}
                await alice.call("POST", "/api/auth/password-reset", json=reset, expect=204)
                again = await alice.call("POST", "/api/auth/password-reset", json=reset, expect=400)
                assert again["code"] == "invalid_code"

                async def is_over() -> bool:
                    status, _, _ = await elsewhere.ask("GET", "/api/social/friends")
                    return status == 401

                await eventually(is_over, within=2)
                elsewhere.token = None
                login = {"username": name, "password": "another horse battery"}
                await elsewhere.call("POST", "/api/auth/login", json=login)


async def test_the_mailbox_shows_what_would_have_been_sent(system: System, edge: str) -> None:
    address = f"box-{uuid.uuid4().hex[:10]}@example.org"
    async with Person.anonymous(edge) as alice, Person.anonymous(system["auth"].internal) as operator:
        await alice.call("POST", "/api/auth/codes", json={"email": address, "purpose": "register"}, expect=202)
        assert address.encode() in await operator.call("GET", "/mailbox")
        await alice.call("GET", "/api/auth/mailbox", expect=404)


async def test_a_deleted_account_leaves_everything_and_its_words_stay(
    register: Register, connect: Connect, edge: str, gateways: list[str]
) -> None:
    alice, bob, carol = await register("alice"), await register("bob"), await register("carol")
    for friend in (bob, carol):
        await alice.befriend(friend)
    room = await alice.group("tea", bob, carol)
    direct = await alice.direct(bob)
    mine, his = await connect(alice, gateways[0]), await connect(bob, gateways[1])
    await mine.say(room, "what I said")

    await alice.call("DELETE", "/api/auth/me", json={"password": "wrong"}, expect=403)
    await alice.call("DELETE", "/api/auth/me", json={"password": alice.password}, expect=204)
    await mine.until(lambda: mine.disconnections == 1, 5)

    def left() -> bool:
        return any(
            name == "change" and change["kind"] == "system" and change.get("userId") == alice.id
            and change["action"] == "left"
            for name, change in his.events
        )  # fmt: skip

    await his.until(left, 5)
    await his.until(lambda: any(name == "friend" and event["kind"] == "removed" for name, event in his.events), 5)
    members = (await bob.call("GET", f"/api/social/chatrooms/{room}/members"))["members"]
    assert {member["user"]["id"]: member["role"] for member in members} == {bob.id: "owner", carol.id: "member"}
    assert alice.id not in [friend["user"]["id"] for friend in (await bob.call("GET", "/api/social/friends"))["friends"]]

    async def is_nameless() -> bool:
        page = await bob.page(room)
        said = next(message for message in page["messages"] if message["content"] == "what I said")
        return said["sender"]["nickname"] == "Deleted account"

    await eventually(is_nameless, within=5)
    answer = await his.send(direct, "anybody there?")
    assert answer["error"]["code"] == "forbidden", answer
    await carol.call("POST", "/api/social/friend-requests", json={"userId": alice.id}, expect=404)
    body = {"username": alice.username, "password": alice.password}
    await bob.call("POST", "/api/auth/login", json=body, expect=401)
    await bob.call("POST", "/api/auth/register", json=body, expect=201)
