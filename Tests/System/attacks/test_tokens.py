"""T: tokens and accounts."""

import asyncio
import hashlib
import hmac
import json
import random
import uuid
from typing import Any

import pytest

from attacks.conftest import Cast, Expected
from attacks.forge import Forge, base64url, decoded, part
from attacks.system import INTERNAL, System
from attacks.wire import Answer, WebSocket, ask
from teahouse import Person, eventually

#: One guarded route of every service.
GUARDED = ["/api/auth/me", "/api/social/friends", "/api/history/chatrooms", f"/api/media/files/{uuid.uuid4()}/x.png"]


@pytest.fixture
def forge(system: System, aftermath: Expected) -> Forge:
    return Forge.of(system, aftermath)


async def statuses(edge: str, token: str) -> list[int]:
    answers = await asyncio.gather(*(ask(edge, "GET", path, f"Authorization: Bearer {token}") for path in GUARDED))
    return [answer.status for answer in answers]


async def is_accepted(edge: str, gateway: str, token: str) -> None:
    """That a token of this making holds, so that it is the attack in another one that is refused."""
    assert await statuses(edge, token) == [200, 200, 200, 404]
    async with await WebSocket.enter(gateway, token):
        pass


async def is_refused(edge: str, gateway: str, token: str) -> None:
    """401 at every service, with the one body; CONNECT_ERROR at a Gateway, and no `ready`."""
    for path in GUARDED:
        answer = await ask(edge, "GET", path, f"Authorization: Bearer {token}")
        assert answer.status == 401, (path, answer)
        assert answer.json()["code"] == "unauthenticated" and set(answer.json()) == {"code", "message"}
    async with await WebSocket.open(gateway) as socket:
        await socket.connect(token)
        error = await socket.packet("44")
        assert error["data"]["code"] == "unauthenticated", error
        assert not socket.events


async def test_T01_tokens_without_a_signature_are_refused(
    cast: Cast, forge: Forge, edge: str, gateways: list[str]
) -> None:
    payload = forge.payload(cast.alice.id)
    await is_accepted(edge, gateways[0], forge.sign(payload))
    for name in ("none", "None", "nOnE", "NONE", ""):
        header = part({**forge.header, "alg": name})
        for token in (f"{header}.{part(payload)}.", f"{header}.{part(payload)}"):
            await is_refused(edge, gateways[0], token)
        await is_refused(edge, gateways[0], forge.sign(payload, {**forge.header, "alg": name}))
    good = cast.alice.token or ""
    await is_refused(edge, gateways[0], good.rsplit(".", 1)[0] + ".")
    await is_refused(edge, gateways[0], good.rsplit(".", 1)[0])


async def test_T02_the_algorithm_is_never_the_tokens_to_choose(
    cast: Cast, forge: Forge, edge: str, gateways: list[str]
) -> None:
    payload = forge.payload(cast.alice.id)
    keys = (await ask(edge, "GET", "/api/auth/.well-known/jwks.json")).json()["keys"]
    public = next(key for key in keys if key["kid"] == forge.kid)["x"]
    assert decoded(public) == forge.auth.public_key().public_bytes_raw()
    for secret in (decoded(public), public.encode(), json.dumps(keys).encode(), b""):
        for name, digest in (("HS256", hashlib.sha256), ("HS512", hashlib.sha512)):
            signed = f"{part({**forge.header, 'alg': name})}.{part(payload)}"
            signature = hmac.new(secret, signed.encode(), digest).digest()
            await is_refused(edge, gateways[0], f"{signed}.{base64url(signature)}")
    # The right key, and a name that is not its own.
    for wrong in ("HS256", "RS256", "ES256", "PS512", "eddsa", "Ed25519", ["EdDSA"], 1, None):
        await is_refused(edge, gateways[0], forge.sign(payload, {**forge.header, "alg": wrong}))


async def test_T03_the_key_is_never_the_tokens_to_bring(
    cast: Cast, forge: Forge, edge: str, gateways: list[str]
) -> None:
    calls = 0

    async def called(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        writer.close()

    async with await asyncio.start_server(called, "127.0.0.1", 0) as server:
        url = "http://127.0.0.1:%d/keys" % server.sockets[0].getsockname()[1]
        own = {"kty": "OKP", "crv": "Ed25519", "x": base64url(forge.mallory.public_key().public_bytes_raw())}
        payload = forge.payload(cast.alice.id)
        headers: list[dict[str, Any]] = [
            {**forge.header, "kid": kid}
            for kid in ("../../dev/null", "' OR 1=1--", "unknown", "", "k" * 10_000, forge.kid, None, 1, [forge.kid])
        ]
        headers += [{**forge.header, **more} for more in ({"jku": url}, {"x5u": url}, {"jwk": own}, {"x5c": [own["x"]]})]
        headers += [{**forge.header, "kid": url, "jku": url}]
        for header in headers:
            await is_refused(edge, gateways[0], forge.sign(payload, header, forge.mallory))
    assert calls == 0


async def test_T04_times_that_do_not_hold_are_refused(
    cast: Cast, forge: Forge, edge: str, gateways: list[str]
) -> None:
    now = forge.payload(cast.alice.id)["iat"]
    # Clocks may differ by 5 s.
    assert await statuses(edge, forge.sign(forge.payload(cast.alice.id, exp=now - 1))) == [200, 200, 200, 404]
    changes: list[dict[str, Any]] = [
        {"exp": now - 60}, {"nbf": now + 600}, {"iat": now + 600}, {"exp": None}, {"exp": str(now + 600)}, {"exp": -1},
        {"exp": 0}, {"exp": True}, {"exp": [now + 600]}, {"exp": 2**63}, {"exp": now + 600.5}, {"iat": -(2**63)},
    ]  # fmt: skip
    for change in changes:
        await is_refused(edge, gateways[0], forge.sign(forge.payload(cast.alice.id, **change)))
    plain = json.dumps(forge.payload(cast.alice.id))
    for number in ("1e400", "-1e400", "NaN", "Infinity", "99999999999999999999999999", "0x7fffffff"):
        text = plain.replace(f'"exp": {json.loads(plain)["exp"]}', f'"exp": {number}')
        assert number in text
        await is_refused(edge, gateways[0], forge.sign(text))


async def test_T05_keys_and_tokens_hold_only_where_they_belong(
    cast: Cast, forge: Forge, system: System, edge: str, gateways: list[str]
) -> None:
    for caller in ("auth", "social", "history", "media", "gateway", "operator"):
        await is_refused(edge, gateways[0], system.key(caller))
    for more in ({"aud": "elsewhere"}, {"iss": "elsewhere"}, {"aud": None}, {"iss": None}, {"aud": ["teahouse", "x"]}):
        await is_refused(edge, gateways[0], forge.sign(forge.payload(cast.alice.id, **more)))
    for name, (method, path) in INTERNAL.items():
        for token in (cast.alice.token, forge.sign(forge.payload(cast.alice.id))):
            answer = await ask(system[name].internal, method, path, f"Authorization: Bearer {token}", body=b"{}")
            assert answer.status == 401, (name, answer)


async def test_T06_a_session_that_is_over_has_no_token_left(
    cast: Cast, system: System, edge: str, gateways: list[str]
) -> None:
    alice = cast.alice
    body = {"username": alice.username, "password": alice.password}
    async with Person.anonymous(edge) as device:
        login = await device.call("POST", "/api/auth/login", json=body)
        first = device.token = cast.expected.secret(login["token"])
        sessions = (await device.call("GET", "/api/auth/me/sessions"))["sessions"]
        session = next(session["id"] for session in sessions if session["current"])

        async def renewed() -> str | None:
            """Another token than the first: within one second both say the same."""
            token = cast.expected.secret((await device.call("POST", "/api/auth/renew"))["token"])
            return token if token != first else None

        second = await eventually(renewed)
        live = await WebSocket.enter(gateways[1], second)
        for token in (first, second):
            await is_accepted(edge, gateways[0], token)
        await device.call("POST", "/api/auth/logout", expect=204)
    async with live:
        assert (await live.event("bye"))["reason"] == "revoked"
        await live.closes()

    async def is_over() -> bool:
        return [await statuses(edge, token) for token in (first, second)] == [[401] * 4] * 2

    await eventually(is_over, within=2)
    for token in (first, second):
        for gateway in gateways:
            await is_refused(edge, gateway, token)
        assert (await ask(edge, "POST", "/api/auth/renew", f"Authorization: Bearer {token}")).status == 401
    entries = await system.stores.sql(
        f"SELECT action FROM auth.audit WHERE session_id = '{uuid.UUID(session)}' AND user_id = {alice.id}", "auth"
    )
    assert "session_revoked" in [entry["action"] for entry in entries]


async def sign_in(edge: str, username: str, password: str, source: str | None = None) -> Answer:
    body = json.dumps({"username": username, "password": password}).encode()
    return await ask(edge, "POST", "/api/auth/login", "Content-Type: application/json", body=body, source=source)


async def test_T09_guessing_a_password_locks_its_account_and_nothing_else(
    cast: Cast, system: System, edge: str, gateways: list[str]
) -> None:
    alice, bob = cast.alice, cast.bob
    network = f"127.{random.randint(1, 254)}.{random.randint(1, 254)}"
    async with await WebSocket.enter(gateways[0], alice.token) as live:
        names = [alice.username, alice.username.upper()]
        guesses = [
            await sign_in(edge, names[number % 2], f"not hers {number}", f"{network}.{number + 1}") for number in range(50)
        ]
        assert [guess.status for guess in guesses] == [401] * 5 + [429] * 45
        # From where nobody has guessed, and though it is the right one.
        right = await sign_in(edge, alice.username, alice.password, f"{network}.99")
        assert (right.status, right.json()["code"]) == (429, "too_many_requests")
        wait = int(right.header("retry-after") or 0)
        assert 0 < wait <= 900
        # Where others have guessed, somebody else signs in.
        other = await sign_in(edge, bob.username, bob.password, f"{network}.1")
        assert other.status == 200
        cast.expected.secret(other.json()["token"])
        # Who is signed in is not put out: neither her calls, nor her token's renewal, nor her sockets.
        assert await statuses(edge, alice.token or "") == [200, 200, 200, 404]
        renewed = await alice.call("POST", "/api/auth/renew")
        cast.expected.secret(renewed["token"])
        await cast.say(live, "still here")
    # The time that was named passes: what has failed is so much older.
    aged = f"UPDATE auth.failed_logins SET failed_at = failed_at - interval '%d s' WHERE account = '{alice.username}'"
    await system.stores.execute(aged % (wait - 60), "auth")
    assert (await sign_in(edge, alice.username, alice.password)).status == 429
    await system.stores.execute(aged % 60, "auth")
    again = await sign_in(edge, alice.username, alice.password)
    assert again.status == 200
    cast.expected.secret(again.json()["token"])


async def test_T11_a_cookie_alone_changes_nothing_from_a_foreign_page(cast: Cast, edge: str, system: System) -> None:
    alice = cast.alice
    login = await sign_in(edge, alice.username, alice.password)
    cookie = login.header("set-cookie") or ""
    token = cast.expected.secret(login.json()["token"])
    name, *attributes = [part.strip() for part in cookie.split(";")]
    assert name == f"token={token}" and {"HttpOnly", "SameSite=Strict", "Path=/"} <= set(attributes)
    carried = f"Cookie: theme=dark; {name}"
    room = f"/api/social/chatrooms/{cast.room}"
    unsafe: list[tuple[str, str, Any]] = [
        ("PATCH", "/api/auth/me", {"nickname": "Mallory's"}), ("POST", "/api/auth/logout", {}), ("POST", "/api/auth/renew", {}),
        ("PUT", "/api/auth/me/password", {"currentPassword": alice.password, "newPassword": "a brand new secret"}),
        ("DELETE", "/api/auth/me/sessions", None), ("PATCH", room, {"name": "Mine"}), ("DELETE", room, None),
        ("POST", f"{room}/members", {"userIds": [cast.mallory.id]}), ("PUT", f"{room}/owner", {"userId": cast.bob.id}),
        ("POST", "/api/social/friend-requests", {"userId": cast.mallory.id}),
        ("DELETE", f"/api/social/friends/{cast.bob.id}", None), ("PUT", f"/api/social/blocks/{cast.bob.id}", None),
        ("PUT", f"/api/history/chatrooms/{cast.room}/cursor", {"seq": 1}), ("POST", "/api/history/sync", {"cursors": {}}),
        ("DELETE", f"/api/history/chatrooms/{cast.room}/messages/1", None),
        ("POST", f"/api/media/uploads?name=x.bin&chatroomId={cast.room}", {}),
        ("DELETE", f"/api/media/files/{uuid.uuid4()}", None),
    ]  # fmt: skip
    host = edge.removeprefix("http://")
    foreign = [
        [], ["Origin: null"], ["Origin: https://evil.example"], [f"Origin: {edge}.evil.example"], ["Origin:"],
        [f"Origin: http://{host.split(':')[0]}:1"], [f"Origin: {host}"], [f"Origin: {edge}", "Origin: https://evil.example"],
        [f"Referer: {edge}/"], ["Origin: https://evil.example", "X-Forwarded-Host: evil.example", "Forwarded: host=evil.example"],
    ]  # fmt: skip
    for method, path, wish in unsafe:
        body = None if wish is None else json.dumps(wish).encode()
        for origin in foreign:
            refused = await ask(edge, method, path, carried, "Content-Type: application/json", *origin, body=body)
            assert (refused.status, refused.json()["code"]) == (403, "forbidden"), (method, path, origin, refused)
            assert not refused.header("access-control-allow-origin")
    for path in GUARDED[:3]:
        # What changes nothing may be asked from anywhere; only, no page elsewhere may read the answer.
        asked = await ask(edge, "GET", path, carried, "Origin: https://evil.example")
        assert asked.status == 200 and not asked.header("access-control-allow-origin")
    # With both carriers the header counts, whatever stands in it.
    bearer = f"Authorization: Bearer {cast.mallory.token}"
    both = await ask(edge, "PATCH", room, carried, bearer, "Content-Type: application/json", body=b'{"name":"Mine"}')
    assert both.status == 404
    broken = await ask(edge, "GET", "/api/auth/me", carried, "Authorization: Bearer x", f"Origin: {edge}")
    assert broken.status == 401
    # The same calls from a page of ours are heard: it is the origin that was refused.
    own = [carried, f"Origin: {edge}", "Content-Type: application/json"]
    assert (await ask(edge, "PATCH", room, *own, body=b'{"name":"R"}')).status == 200
    assert (await ask(edge, "POST", "/api/history/sync", *own, body=b'{"cursors":{}}')).status == 200
    assert (await ask(edge, "POST", "/api/auth/logout", *own, body=b"{}")).status == 204
    assert (await alice.call("GET", "/api/auth/me"))["nickname"] == "Alice"
    friends = (await alice.call("GET", "/api/social/friends"))["friends"]
    assert [friend["user"]["id"] for friend in friends] == [cast.bob.id]
    requests = (await alice.call("GET", "/api/social/friend-requests"))["sent"]
    assert [request["user"]["id"] for request in requests] == [cast.bob.id]
    assert (await alice.call("GET", "/api/social/blocks"))["blocks"] == []
    files = await system.stores.sql(f"SELECT id FROM media.files WHERE chatroom_id = {cast.room}", "media")
    assert files == []
