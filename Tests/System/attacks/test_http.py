"""H: HTTP."""

import gzip
import json
import random
import uuid

import pytest

from attacks.conftest import Cast
from attacks.system import INTERNAL, System
from attacks.wire import POLLING, Answer, Wire, ask
from teahouse import Person, eventually

JWKS = "/api/auth/.well-known/jwks.json"


def second(host: str, target: str) -> bytes:
    """The request that is not to be heard."""
    return f"GET {target} HTTP/1.1\r\nHost: {host}\r\n\r\n".encode()


def smuggled(host: str, post: str, get: str) -> dict[str, bytes]:
    head = f"POST {post} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
    hidden = second(host, get)
    length = f"Content-Length: {len(hidden) + 5}\r\n"
    chunked = b"0\r\n\r\n" + hidden
    return {
        "both lengths and chunks": f"{head}{length}Transfer-Encoding: chunked\r\n\r\n".encode() + chunked,
        "chunks and then a length": f"{head}Transfer-Encoding: chunked\r\n{length}\r\n".encode() + chunked,
        "two lengths": f"{head}Content-Length: 0\r\n{length}\r\n".encode() + b"12345" + hidden,
        "two lengths in one": f"{head}Content-Length: 0, {len(hidden)}\r\n\r\n".encode() + hidden,
        "a length with a sign": f"{head}Content-Length: +{len(hidden)}\r\n\r\n".encode() + hidden,
        "a space before the colon": f"{head}Transfer-Encoding : chunked\r\n\r\n".encode() + chunked,
        "xchunked": f"{head}Transfer-Encoding: xchunked\r\n\r\n".encode() + chunked,
        "chunked twice": f"{head}Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n".encode() + chunked,
        "a folded header": f"{head}Transfer-Encoding:\r\n chunked\r\n\r\n".encode() + chunked,
        "a larger chunk": f"{head}Transfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n".encode() + hidden,
        "a negative chunk": f"{head}Transfer-Encoding: chunked\r\n\r\n-1\r\n".encode() + hidden,
        "a chunk in another alphabet": f"{head}Transfer-Encoding: chunked\r\n\r\n0x0\r\n\r\n".encode() + hidden,
    }


#: Those of which the head is sound and the body is not.
WITHIN = ("a larger chunk", "a negative chunk", "a chunk in another alphabet")


def bare(host: str, post: str, get: str) -> bytes:
    head = f"POST {post} HTTP/1.1\nHost: {host}\nTransfer-Encoding: chunked\n\n"
    return head.encode() + b"0\n\n" + second(host, get)


def endless(host: str, post: str, get: str) -> bytes:
    """The largest chunk that there can be, and as much of it as no service takes."""
    head = f"POST {post} HTTP/1.1\r\nHost: {host}\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n"
    return head.encode() + second(host, get) * 30_000


async def answers(address: str, sent: bytes) -> list[int]:
    """The statuses of all that comes back until the server closes."""
    async with await Wire.open(address) as wire:
        await wire.send(sent)
        found = []
        try:
            while True:
                found.append((await wire.answer()).status)
        except EOFError:
            return found


@pytest.mark.parametrize("where", ["edge", "auth", "social", "history", "media", "gateway1"])
async def test_H01_no_request_is_smuggled_behind_another(where: str, system: System, edge: str) -> None:
    address = edge if where == "edge" else system[where].public
    posts = {"auth": "/api/auth/login", "edge": "/api/auth/login", "gateway1": POLLING}
    post = posts.get(where, f"/api/{where}/x")
    get = {"gateway1": POLLING}.get(where, JWKS)
    host = address.removeprefix("http://")
    # The control: what follows a sound request is answered.
    control = f"POST {post} HTTP/1.1\r\nHost: {host}\r\nContent-Length: 2\r\n\r\n{{}}".encode()
    async with await Wire.open(address) as wire:
        await wire.send(control + second(host, get))
        await wire.answer()
        await wire.answer()
    for name, sent in smuggled(host, post, get).items():
        found = await answers(address, sent)
        if name in WITHIN and len(found) == 2:
            # Who needs no body has answered before it broke.
            assert found.pop(0) in (401, 404, 415), (name, found)
        # The edge says 501 to an encoding that it does not know.
        assert len(found) == 1 and found[0] in ((400, 501) if where == "edge" else (400,)), (name, found)
    found = await answers(address, endless(host, post, get))
    # Whoever needs no body says so; nothing behind it is answered.
    assert found in ([400], [404], [413], [415]), found
    if where != "edge":
        found = await answers(address, bare(host, post, get))
        assert found == [400], found
    else:
        # The edge takes a line feed for a line's end, as RFC 9112 §2.2 lets it, and writes what it hands on anew.
        async with await Wire.open(address) as wire:
            await wire.send(bare(host, post, get))
            assert (await wire.answer()).status in (400, 401, 415)


async def test_H02_what_a_client_says_of_itself_is_not_believed(cast: Cast, edge: str, system: System) -> None:
    claims = [
        f"X-User-Id: {cast.alice.id}", "X-Forwarded-For: 203.0.113.9", "X-Real-IP: 203.0.113.9",
        "Forwarded: for=203.0.113.9;proto=https", "X-Forwarded-Proto: https", "X-Forwarded-Host: evil.example",
        "Via: 1.1 evil", "X-Client-IP: 203.0.113.9", "True-Client-IP: 203.0.113.9",
    ]  # fmt: skip
    bearer = f"Authorization: Bearer {cast.mallory.token}"
    for address in (edge, system["auth"].public):
        me = await ask(address, "GET", "/api/auth/me", bearer, *claims)
        assert me.json()["id"] == cast.mallory.id
        assert (await ask(address, "GET", "/api/auth/me", *claims)).status == 401
    body = json.dumps({"username": cast.mallory.username, "password": cast.mallory.password}).encode()
    login = await ask(edge, "POST", "/api/auth/login", "Content-Type: application/json", *claims, body=body)
    assert login.status == 200 and "Secure" not in (login.header("set-cookie") or "")
    cast.expected.secret(login.json()["token"])
    sessions = (await cast.mallory.call("GET", "/api/auth/me/sessions"))["sessions"]
    assert {session["address"] for session in sessions} == {"127.0.0.1"}
    # Whoever guesses is one and the same, whatever address they give; others are not kept out.
    guesses: list[Answer] = []
    guesser = f"127.{random.randint(1, 254)}.{random.randint(1, 254)}.7"
    for number in range(30):
        guess = json.dumps({"username": f"nobody-{uuid.uuid4().hex[:8]}", "password": "not the password"}).encode()
        guesses.append(
            await ask(
                *(edge, "POST", "/api/auth/login", "Content-Type: application/json"),
                *(f"X-Forwarded-For: 203.0.113.{number}", f"X-Real-IP: 203.0.113.{number}"), body=guess, source=guesser,
            )
        )  # fmt: skip
    statuses = [guess.status for guess in guesses]
    assert statuses[:20] == [401] * 20 and set(statuses[20:]) == {429}, statuses
    assert int(guesses[-1].header("retry-after") or 0) > 0
    again = await ask(edge, "POST", "/api/auth/login", "Content-Type: application/json", body=body)
    assert again.status == 200
    cast.expected.secret(again.json()["token"])


async def test_H03_what_is_internal_is_not_there_from_outside(system: System, edge: str) -> None:
    names = ("internal", "metrics", "health", "ready", "admin")
    for name in names:
        for path in (
            f"/{name}", f"/{name}/", f"//{name}", f"///{name}//x", f"/./{name}", f"/x/../{name}", f"/x/%2e%2e/{name}",
            f"/%{ord(name[0]):02x}{name[1:]}", f"/{name}?x=1", f"/{name}/users/lookup", f"/api/auth/../../{name}",
            f"/api/{name}", f"/api/auth/{name}", f"/api/social/%2e%2e/{name}", f"/{name}%2f",
        ):  # fmt: skip
            for method in ("GET", "POST"):
                answer = await ask(edge, method, path, f"Authorization: Bearer {system.key('operator')}", body=b"{}")
                assert answer.status == 404, (method, path, answer)
                assert b"# TYPE" not in answer.body and b"alive" not in answer.body
        # Above the root there is no path at all.
        for path in (f"/%2e%2e/{name}", f"/../{name}", f"/%2e%2e%2f{name}"):
            assert (await ask(edge, "GET", path)).status in (400, 404), path
    for name, (method, path) in INTERNAL.items():
        process = system[name]
        refused = await ask(process.internal, method, path, body=b"{}")
        assert (refused.status, refused.json()["code"]) == (401, "unauthenticated")
        assert (await ask(process.internal, "GET", "/metrics")).status == 401
        for probe in ("/health", "/ready"):
            assert set((await ask(process.internal, "GET", probe)).json()) == {"status"}
        # On the side of the edge there is nothing of it.
        for hidden in (path, "/metrics", "/health", "/ready", "/internal/changes?after=0"):
            key = f"Authorization: Bearer {system.key('gateway')}"
            assert (await ask(process.public, method, hidden, key, body=b"{}")).status in (404, 405), hidden


async def test_H04_internal_routes_open_for_the_right_key_only(cast: Cast, system: System) -> None:
    for name, (method, path) in INTERNAL.items():
        for key in ("", "retired-key-of-gateway-0123456789", system.key("gateway")[:-1], system.key("gateway") + "x",
                    system.key("gateway").swapcase(), str(cast.alice.token)):  # fmt: skip
            for form in (f"Authorization: Bearer {key}", f"Authorization: Basic {key}", f"X-Service-Key: {key}"):
                answer = await ask(system[name].internal, method, path, form, body=b"{}")
                assert (answer.status, answer.json()["code"]) == (401, "unauthenticated"), (name, form)
        twice = [f"Authorization: Bearer {system.key('gateway')}"] * 2
        assert (await ask(system[name].internal, method, path, *twice, body=b"{}")).status == 401
        own = f"Authorization: Bearer {system.key('operator')}"
        if path != "/metrics":
            assert (await ask(system[name].internal, method, path, own, body=b"{}")).status == 401
        metrics = await ask(system[name].internal, "GET", "/metrics", own)
        assert metrics.status == 200 and b"# TYPE" in metrics.body


async def test_H06_bodies_that_are_no_json_change_nothing(cast: Cast, edge: str, system: System) -> None:
    path = f"/api/social/chatrooms/{cast.room}"
    good = b'{"name":"%s"}'
    bodies = {
        "NUL": good % b"a\\u0000b", "raw NUL": good % b"a\x00b", "lone surrogate": good % b"\\ud83d",
        "surrogates the wrong way": good % b"\\udc00\\ud800", "byte-order mark": b"\xef\xbb\xbf" + good % b"x",
        "UTF-16": (good % b"x").decode().encode("utf-16"), "UTF-16 without a mark": (good % b"x").decode().encode("utf-16-le"),
        "UTF-32": (good % b"x").decode().encode("utf-32-be"), "not UTF-8": good % b"\xff\xfe", "overlong": good % b"\xc0\xaf",
        "duplicate keys": b'{"name":"x","name":"y"}', "duplicate keys, escaped": b'{"name":"x","n\\u0061me":"y"}',
        "NaN": b'{"name":"x","n":NaN}', "1e999": b'{"name":"x","n":1e999}', "Infinity": b'{"name":"x","n":-Infinity}',
        "trailing bytes": good % b"x" + b"x", "a second one": good % b"x" + good % b"y", "trailing comma": b'{"name":"x",}',
        "comment": b'{"name":"x"/**/}', "single quotes": b"{'name':'x'}", "leading zero": b'{"name":"x","n":01}',
        "nothing": b"", "no object": b'"x"', "array": b'[{"name":"x"}]', "number": b'{"name":1}', "line break": good % b"a\nb",
    }  # fmt: skip
    bearer = f"Authorization: Bearer {cast.alice.token}"
    for address in (edge, system["social"].public):
        for name, body in bodies.items():
            answer = await ask(address, "PATCH", path, bearer, "Content-Type: application/json", body=body)
            assert answer.status == 400, (name, answer)
            assert answer.json()["code"] == "invalid_request"
        bomb = gzip.compress(b'{"name":"' + b"x" * 10_000_000 + b'"}')
        for encoding in ("gzip", "deflate", "br", "gzip, gzip"):
            headers = (bearer, "Content-Type: application/json", f"Content-Encoding: {encoding}")
            assert (await ask(address, "PATCH", path, *headers, body=bomb)).status == 415, encoding
        for kind in ("application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/plain", "text/html"):
            answer = await ask(address, "PATCH", path, bearer, f"Content-Type: {kind}", body=good % b"x")
            assert answer.status == 415, kind
        for method in ("TRACE", "PUT", "POST", "CONNECT", "BREW"):
            answer = await ask(address, method, path, bearer, "Content-Type: application/json", body=good % b"x")
            # What is no method of HTTP is no HTTP; and the edge has no CONNECT.
            known = method != "BREW" and (address, method) != (edge, "CONNECT")
            assert answer.status in ((405,) if known else (400, 405)), (method, answer)
        for changing in ("/api/social/friend-requests/1/agree", f"{path}/owner", "/api/auth/logout", "/api/history/sync"):
            if address == edge or changing.startswith("/api/social"):
                answer = await ask(address, "GET", changing, bearer)
                assert answer.status == 405 and answer.header("allow"), (changing, answer)

    async def is_alive() -> bool:
        async with Person.anonymous(edge) as person:
            person.token = cast.alice.token
            return (await person.call("GET", path))["name"] == "R"

    await eventually(is_alive)
