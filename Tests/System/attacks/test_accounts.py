"""T: passwords, codes and second factors."""

import base64
import hashlib
import hmac
import re
import statistics
import struct
import time
import uuid

from attacks.conftest import Cast
from attacks.system import System
from attacks.wire import WebSocket
from teahouse import Person, eventually


async def signed_in(cast: Cast, address: str, person: Person) -> Person:
    device = Person.anonymous(address)
    login = await device.call("POST", "/api/auth/login", json={"username": person.username, "password": person.password})
    device.token = cast.expected.secret(login["token"])
    device.user = login["user"]
    return device


async def everywhere(device: Person) -> list[int]:
    """What one guarded route of each service answers."""
    paths = ("/api/auth/me", "/api/social/friends", "/api/history/chatrooms", f"/api/media/files/{uuid.uuid4()}/x.png")
    return [(await device.ask("GET", path))[0] for path in paths]


async def test_T07_another_password_ends_every_other_session_at_once(
    cast: Cast, edge: str, gateways: list[str]
) -> None:
    devices = [await signed_in(cast, edge, cast.alice) for _ in range(3)]
    try:
        here, *others = devices
        sockets = [await WebSocket.enter(gateway, device.token) for gateway, device in zip(gateways, others)]
        own = await WebSocket.enter(gateways[0], here.token)
        body = {"currentPassword": cast.alice.password, "newPassword": cast.expected.secret("another horse battery")}
        await here.call("PUT", "/api/auth/me/password", json=body, expect=204)
        begun = time.monotonic()
        for socket in sockets:
            assert (await socket.event("bye"))["reason"] == "revoked"
            await socket.closes()
            await socket.__aexit__(None, None, None)
        assert time.monotonic() - begun < 2

        async def are_over() -> bool:
            return [await everywhere(device) for device in (*others, cast.alice)] == [[401] * 4] * 3

        await eventually(are_over, within=2)
        assert await everywhere(here) == [200, 200, 200, 404]
        async with own:
            await cast.say(own, "still here")
        cast.alice.token = here.token
    finally:
        for device in devices:
            await device.session.close()


async def test_T08_known_and_unknown_names_cannot_be_told_apart(cast: Cast, system: System) -> None:
    tries = 200
    keys = dict.fromkeys(
        ["AUTH_FAILED_LOGINS_PER_ACCOUNT", "AUTH_FAILED_LOGINS_PER_ADDRESS", "AUTH_CODES_PER_ADDRESS",
         "AUTH_CODES_PER_SOURCE"], "1000000"
    )  # fmt: skip
    with system.auth("patient", **keys) as auth:
        await System.until_ready(auth)
        async with Person.anonymous(auth.public, "127.0.8.8") as mallory, Person.anonymous(auth.public) as known:
            name, address = f"known-{uuid.uuid4().hex[:8]}", f"{uuid.uuid4().hex}@example.org"
            body = {"username": name, "password": known.password, "email": address}
            await known.call("POST", "/api/auth/register", json=body, expect=201)
            nobody, nowhere = f"nobody-{uuid.uuid4().hex[:8]}", f"{uuid.uuid4().hex}@example.org"
            calls = {
                "login": lambda n, _: ("/api/auth/login", {"username": n, "password": "wrong horse battery"}),
                "register": lambda _, a: ("/api/auth/codes", {"email": a, "purpose": "register"}),
                "reset": lambda _, a: ("/api/auth/codes", {"email": a, "purpose": "resetPassword"}),
                "code": lambda n, _: (
                    "/api/auth/password-reset", {"username": n, "code": "12345678", "newPassword": "new horse battery"}
                ),
            }  # fmt: skip
            for what, call in calls.items():
                times: dict[str, list[float]] = {name: [], nobody: []}
                answers = set()
                # In turn, so that whatever else the machine does befalls both.
                for _ in range(tries):
                    for who, where in ((name, address), (nobody, nowhere)):
                        path, body = call(who, where)
                        begun = time.perf_counter()
                        status, answer, _ = await mallory.ask("POST", path, json=body)
                        times[who].append(time.perf_counter() - begun)
                        answers.add((status, str(answer)))
                assert len(answers) == 1, (what, answers)
                medians = [statistics.median(times[who]) for who in (name, nobody)]
                assert max(medians) <= 1.2 * min(medians), (what, medians)


async def mailed_code(system: System, address: str) -> str:
    """The newest code in the operator's mailbox for an address."""
    async with Person.anonymous(system["auth"].internal) as operator:
        mails = (await operator.call("GET", "/mailbox.json"))["mails"]
    text = next(mail["text"] for mail in mails if mail["to"] == address)
    return re.search(r"\b\d{8}\b", text)[0]


async def test_T10_a_code_is_good_for_one_thing_once(cast: Cast, system: System, edge: str) -> None:
    async with Person.anonymous(edge, "127.0.10.10") as client:
        people = {}
        for who in ("alice", "mallory"):
            address = f"{who}-{uuid.uuid4().hex[:8]}@example.org"
            body = {"username": f"{who}-{uuid.uuid4().hex[:8]}", "password": client.password, "email": address}
            people[who] = (await client.call("POST", "/api/auth/register", json=body, expect=201))["user"]
        alice, mallory = people["alice"], people["mallory"]

        async def send(purpose: str, address: str) -> str:
            await client.call("POST", "/api/auth/codes", json={"email": address, "purpose": purpose}, expect=202)
            return await mailed_code(system, address)

        async def reset(code: str) -> tuple[int, str]:
            body = {"username": alice["username"], "code": code, "newPassword": "another horse battery"}
            status, answer, _ = await client.ask("POST", "/api/auth/password-reset", json=body)
            return status, str(answer)

        refused = await reset(await send("resetPassword", mallory["email"]))
        assert refused[0] == 400 and "invalid_code" in refused[1]
        older, newer = [await send("resetPassword", alice["email"]) for _ in range(2)]
        assert await reset(older) == refused
        assert await reset(await send("register", f"{uuid.uuid4().hex}@example.org")) == refused
        assert (await reset(newer))[0] == 204
        assert await reset(newer) == refused

        code = await send("resetPassword", alice["email"])
        for guess in range(5):
            assert await reset(f"{guess:08}") == refused
        assert await reset(code) == refused


def totp(secret: str, at: float) -> str:
    """RFC 6238, as an app has it."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    mac = hmac.new(key, struct.pack(">Q", int(at // 30)), hashlib.sha1).digest()
    offset = mac[19] & 15
    return f"{(struct.unpack('>I', mac[offset:offset + 4])[0] & 0x7FFFFFFF) % 1_000_000:06}"


async def test_T12_a_second_factor_is_not_guessed_and_not_replayed(cast: Cast, edge: str) -> None:
    alice = cast.alice
    setup = await alice.call("POST", "/api/auth/me/totp", json={"password": alice.password})
    cast.expected.secret(setup["secret"])
    first = time.time()
    await alice.call("POST", "/api/auth/me/totp/confirm", json={"code": totp(setup["secret"], first)}, expect=204)
    async with Person.anonymous(edge, "127.0.12.12") as device:

        async def login(code: str | None) -> tuple[int, str]:
            body = {"username": alice.username, "password": alice.password, "totp": code}
            status, answer, _ = await device.ask("POST", "/api/auth/login", json=body)
            if status == 200:
                cast.expected.secret(answer["token"])
            return status, answer.get("code", "")

        assert await login(None) == (401, "totp_required")
        assert await login(totp(setup["secret"], first)) == (401, "invalid_credentials")
        # The next code holds already, as clocks may differ by one step.
        following = totp(setup["secret"], first + 30)
        assert await login(following) == (200, "")
        assert await login(following) == (401, "invalid_credentials")
        recovery = setup["recoveryCodes"][0]
        assert await login(recovery) == (200, "")
        assert await login(recovery) == (401, "invalid_credentials")
        answers = [await login(f"{guess:06}") for guess in range(10)]
        assert answers[-1] == (429, "too_many_requests") and (200, "") not in answers
        assert (await login(setup["recoveryCodes"][1]))[0] == 429


async def test_T12_what_is_no_address_is_refused(cast: Cast, edge: str) -> None:
    async with Person.anonymous(edge) as client:
        for address in ("a@example.org\r\nBcc: b@example.org", "a@example.org\n", "<a@example.org>", "a@b@c", "", "@"):
            body = {"email": address, "purpose": "register"}
            refusal = await client.call("POST", "/api/auth/codes", json=body, expect=400)
            assert refusal["fields"]["email"], refusal


async def test_keys_are_rotated_without_signing_anybody_out(cast: Cast, system: System, edge: str) -> None:
    """A second key is made known, then signs, while tokens of the first go on to hold at every service."""
    seed = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")
    old = next(line for line in (system.state / "secrets").read_text().splitlines() if line.startswith("SIGNING_KEY="))
    old = cast.expected.secret(old.split("=", 1)[1])
    with system.auth("knowing", AUTH_SIGNING_KEYS=f"{old},k2:{seed}") as auth:
        await System.until_ready(auth)
    with system.auth("signing", AUTH_SIGNING_KEYS=f"k2:{seed},{old}") as auth:
        await System.until_ready(auth)
        device = await signed_in(cast, auth.public, cast.bob)
        async with device:
            device.address = edge
            header = device.token.split(".")[0]
            assert b'"k2"' in base64.urlsafe_b64decode(header + "=" * (-len(header) % 4))

            async def is_trusted() -> bool:
                return await everywhere(device) == [200, 200, 200, 404]

            await eventually(is_trusted, within=5)
            assert await everywhere(cast.bob) == [200, 200, 200, 404]
            # What is renewed is signed by whoever renews, and holds as well.
            device.address = auth.public
            device.token = cast.expected.secret((await device.call("POST", "/api/auth/renew"))["token"])
            device.address = edge
            assert await everywhere(device) == [200, 200, 200, 404]
