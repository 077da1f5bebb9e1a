"""M: files."""

import asyncio
import base64
import hashlib
import io
import json
import os
import struct
import time
import uuid
import zlib
from pathlib import Path
from urllib.parse import quote, unquote

import pytest
from PIL import Image

from attacks.conftest import Cast
from attacks.system import Process, System
from attacks.wire import Answer, Wire, ask
from images import png
from teahouse import eventually

UPLOADS = "/api/media/uploads"


async def upload(edge: str, token: str | None, name: str, data: bytes, kind: str = "application/octet-stream") -> Answer:
    target = f"{UPLOADS}?name={quote(name, safe='')}"
    return await ask(edge, "POST", target, f"Authorization: Bearer {token}", f"Content-Type: {kind}", body=data)


def peak(process: Process) -> int:
    """The most memory that it has held since :func:`forget_peak`, in bytes."""
    line = next(line for line in Path(f"/proc/{process.pid}/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024


def forget_peak(process: Process) -> int:
    Path(f"/proc/{process.pid}/clear_refs").write_text("5")
    return peak(process)


async def nothing_is_left(system: System) -> None:
    partial = system.state / "media" / "partial"

    async def is_empty() -> bool:
        return not any(partial.iterdir())

    await eventually(is_empty, within=60)


async def test_M01_what_acts_is_kept_as_an_opaque_file(cast: Cast, edge: str) -> None:
    script = b"alert(document.cookie)"
    acting = {
        "html": b"<!DOCTYPE html><script>" + script + b"</script>",
        "svg": b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg' onload='" + script + b"'/>",
        "script": script, "pdf": b"%PDF-1.7\n" + script, "xml": b"<?xml version='1.0'?><x/>",
        "a GIF that is a script": b"GIF89a/*" + b"\x00" * 20 + b"*/=1;" + script,
        "HTML behind a PNG's signature": b"\x89PNG\r\n\x1a\n<script>" + script + b"</script>",
        "a picture with HTML behind it": png(8, 8) + b"<script>" + script + b"</script>",
    }  # fmt: skip
    for name, data in acting.items():
        for kind in ("image/png", "image/svg+xml", "text/html"):
            answer = await upload(edge, cast.mallory.token, "a.png", data, kind)
            if answer.status in (400, 415):
                continue
            assert answer.status == 201, (name, answer)
            file = answer.json()
            served = await ask(edge, "GET", file["url"], f"Authorization: Bearer {cast.bob.token}")
            assert served.status == 200
            assert served.header("x-content-type-options") == "nosniff"
            assert "sandbox" in (served.header("content-security-policy") or "")
            if served.header("content-type") == "image/png":
                # Kept as a picture it is one, and nothing more.
                Image.open(io.BytesIO(served.body)).load()
                assert script not in served.body
            else:
                assert (served.header("content-type"), file["type"]) == ("application/octet-stream",) * 2
                assert (served.header("content-disposition") or "").startswith("attachment")


async def test_M02_names_of_files_stay_names(cast: Cast, edge: str, system: System) -> None:
    names = [
        "../../etc/passwd", "..", ".", "/", "C:\\x", "a\r\nSet-Cookie: x=1", "a\nb", '"><img onerror=1>', ".htaccess",
        "a\x00.png", "a\u202egnp.exe", "x" * 5_000, "😀.png", "茶 tea.png", "a;filename=b", "a%0d%0aX: y", "%2e%2e%2f", "a'b\"c",
        "con", " ", "", "a\x7fb", "\ufeffa", "a/../b", "x" * 256, "é" * 127, "a\\b/c",
    ]  # fmt: skip
    for name in names:
        answer = await upload(edge, cast.mallory.token, name, b"content of " + name.encode()[:20])
        if answer.status == 400:
            continue
        assert answer.status == 201, (name[:40], answer)
        file = answer.json()
        assert "/" not in file["name"] and "\\" not in file["name"] and not set(file["name"]) & set("\r\n\x00\u202e")
        assert name.endswith(file["name"]), (name, file)
        served = await ask(edge, "GET", file["url"], f"Authorization: Bearer {cast.mallory.token}")
        assert served.status == 200 and served.header("set-cookie") is None and served.header("x") is None
        dispositions = [value for key, value in served.headers if key.lower() == "content-disposition"]
        assert len(dispositions) == 1 and dispositions[0].isascii()
        assert unquote(dispositions[0].split("filename*=UTF-8''")[1]) == file["name"]
        plain = dispositions[0].split('filename="')[1].split('"; filename*')[0]
        assert not set(plain) & set('"\\\r\n%')
    for path in (system.state / "media").rglob("*"):
        assert path.is_dir() or path.name.split(".")[0].isalnum(), path


async def half(edge: str, token: str | None, *headers: str, body: bytes) -> None:
    async with await Wire.open(edge) as wire:
        await wire.request("POST", f"{UPLOADS}?name=x", f"Authorization: Bearer {token}", *headers)
        await wire.send(body)


@pytest.mark.timeout(120)
async def test_M03_sizes_are_judged_as_the_bytes_come(cast: Cast, edge: str, system: System) -> None:
    token = cast.mallory.token
    bearer = f"Authorization: Bearer {token}"
    target = f"{UPLOADS}?name=x"
    for address in (edge, system["media"].public):
        async with await Wire.open(address) as wire:
            await wire.request("POST", target, bearer, "Content-Length: 10000000000")
            answer = await wire.answer()
            assert (answer.status, answer.json()["code"]) == (413, "too_large")
        # Without an end, as a picture, of which 20 MiB is the most.
        async with await Wire.open(address) as wire:
            await wire.request("POST", target, bearer, "Transfer-Encoding: chunked")
            chunk = b"40000\r\n" + os.urandom(0x40000) + b"\r\n"
            await wire.send(b"%x\r\n" % len(png(8, 8)[:30]) + png(8, 8)[:30] + b"\r\n")
            sent = 0
            answered = asyncio.create_task(wire.answer())
            while not answered.done() and sent < 64 << 20:
                await wire.send(chunk)
                sent += 0x40000
                await asyncio.sleep(0)
            assert (await answered).status == 413
            assert 20 << 20 <= sent < 40 << 20, sent
        async with await Wire.open(address) as wire:
            # Longer than announced: what follows is another request, and not a good one.
            await wire.request("POST", target, bearer, "Content-Length: 5")
            await wire.send(b"12345" + b"6789" * 10 + b"\r\n\r\n")
            assert (await wire.answer()).json()["size"] == 5
            assert (await wire.answer()).status == 400
    dropped = [half(edge, token, "Content-Length: 1000000", body=b"x" * 100_000) for _ in range(25)]
    dropped += [half(edge, token, "Transfer-Encoding: chunked", body=b"186a0\r\n" + b"x" * 50_000) for _ in range(25)]
    await asyncio.gather(*dropped)
    await nothing_is_left(system)
    rows = await system.stores.sql(f"SELECT size FROM media.files WHERE owner_id = {cast.mallory.id}", "media")
    assert [row["size"] for row in rows] == [5, 5]


def huge_png(side: int) -> bytes:
    """A few kilobytes that unfold to `side` × `side`."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    data = zlib.compress(bytes(30_000_000), 9)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def many_frames(count: int) -> bytes:
    head = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + b"\x00\x00\x00\xff\xff\xff"
    frame = b"\x21\xf9\x04\x00\x01\x00\x00\x00" + b"\x2c" + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return head + frame * count + b"\x3b"


async def test_M04_pictures_that_unfold_are_refused(cast: Cast, edge: str, system: System) -> None:
    jpeg = io.BytesIO()
    Image.effect_noise((640, 480), 40).convert("RGB").save(jpeg, "JPEG")
    pictures = {
        "50,000 × 50,000": huge_png(50_000), "truncated JPEG": jpeg.getvalue()[:-2000], "100,000 frames": many_frames(100_000),
        "a JPEG's first bytes": jpeg.getvalue()[:30], "a PNG without an end": png(64, 64)[:-20],
        "a PNG of no size": huge_png(0), "a PNG wider than numbers": huge_png(2**31 - 1),
    }  # fmt: skip
    for name, data in pictures.items():
        media = system["media"]
        before = forget_peak(media)
        began = time.monotonic()
        answer = await upload(edge, cast.mallory.token, "a.png", data, "image/png")
        took = time.monotonic() - began
        assert answer.status == 400, (name, answer)
        assert answer.json()["code"] == "invalid_request"
        assert peak(media) - before < 50 << 20, name
        assert took < 1, (name, took)
    await nothing_is_left(system)
    # A picture that is one is taken.
    answer = await upload(edge, cast.mallory.token, "a.png", png(64, 64), "image/png")
    assert answer.status == 201 and json.loads(answer.body)["width"] == 64


TUS = "/api/media/tus/"
VERSION = "Tus-Resumable: 1.0.0"
PART = "Content-Type: application/offset+octet-stream"


async def begin(edge: str, token: str | None, length: int, *headers: str) -> Answer:
    name = base64.b64encode(b"x.bin").decode()
    fields = (f"Authorization: Bearer {token}", VERSION, f"Upload-Length: {length}", f"Upload-Metadata: filename {name}")
    return await ask(edge, "POST", TUS, *fields, *headers)


async def test_M03_fifty_uploads_at_once_reserve_no_more_than_the_quota(cast: Cast, edge: str, system: System) -> None:
    # Of 4 GiB each takes 100 MiB before a byte has come.
    answers = await asyncio.gather(*(begin(edge, cast.mallory.token, 100 << 20) for _ in range(50)))
    assert sorted(answer.status for answer in answers) == [201] * 40 + [413] * 10
    assert {answer.json()["code"] for answer in answers if answer.status == 413} == {"quota_exceeded"}
    bearer = f"Authorization: Bearer {cast.mallory.token}"
    target = f"{UPLOADS}?name=x"
    async with await Wire.open(edge) as wire:
        await wire.request("POST", target, bearer, f"Content-Length: {100 << 20}")
        answer = await wire.answer()
        assert (answer.status, answer.json()["code"]) == (413, "quota_exceeded")
    # Others have their own.
    other = await begin(edge, cast.alice.token, 100 << 20)
    assert other.status == 201
    assert (await ask(edge, "DELETE", other.header("location") or "", f"Authorization: Bearer {cast.alice.token}", VERSION)).status == 204
    for answer in answers:
        if answer.status == 201:
            gone = await ask(edge, "DELETE", answer.header("location") or "", bearer, VERSION)
            assert gone.status == 204
    assert (await upload(edge, cast.mallory.token, "x", b"x")).status == 201
    assert list((system.state / "media" / "uploads").iterdir()) == []


async def test_M05_an_upload_is_its_owners_and_goes_on_where_it_is(cast: Cast, edge: str, system: System) -> None:
    begun = await begin(edge, cast.alice.token, 100)
    assert begun.status == 201
    target = begun.header("location") or ""
    alice, mallory = f"Authorization: Bearer {cast.alice.token}", f"Authorization: Bearer {cast.mallory.token}"
    digest = base64.b64encode(hashlib.sha1(b"0123456789").digest()).decode()

    async def patch(bearer: str, offset: int, *headers: str, body: bytes = b"0123456789") -> Answer:
        return await ask(edge, "PATCH", target, bearer, VERSION, PART, f"Upload-Offset: {offset}", *headers, body=body)

    async def offset() -> str | None:
        return (await ask(edge, "HEAD", target, alice, VERSION)).header("upload-offset")

    nothing = TUS + str(uuid.uuid4())
    for method in ("GET", "HEAD", "DELETE"):
        hidden, missing = [await ask(edge, method, path, mallory, VERSION) for path in (target, nothing)]
        assert (hidden.status, hidden.body) == (404, missing.body)
    for method in ("GET", "DELETE"):
        assert (await ask(edge, method, target, VERSION)).status == 401
    assert (await patch(mallory, 0)).status == 404
    for wrong in (1, 10, 99, 100, 2**62):
        assert (await patch(alice, wrong)).status == 409
    for rubbish in ("-1", "1e1", "", str(2**63), "0x0", "+1"):
        headers = (alice, VERSION, PART, f"Upload-Offset: {rubbish}")
        assert (await ask(edge, "PATCH", target, *headers, body=b"x")).status == 400, rubbish
    assert (await patch(alice, 0, f"Upload-Checksum: sha1 {digest}", body=b"something!")).status == 460
    assert (await patch(alice, 0, "Upload-Checksum: crc32 AAAA")).status == 400
    assert await offset() == "0"
    assert (await patch(alice, 0, f"Upload-Checksum: sha1 {digest}")).status == 204
    assert (await patch(alice, 10, body=b"x" * 91)).status == 413
    assert await offset() == "10"

    # Ten at once, one of whom goes on.
    answers = await asyncio.gather(*(patch(alice, 10, body=bytes([number]) * 20) for number in range(10)))
    statuses = sorted(answer.status for answer in answers)
    assert statuses[0] == 204 and set(statuses[1:]) <= {409, 423}, statuses
    assert await offset() == "30"
    assert (await ask(edge, "DELETE", target, alice, VERSION)).status == 204
    assert (await ask(edge, "HEAD", target, alice, VERSION)).status == 404
    # Into a chatroom of others nothing is begun.
    room = base64.b64encode(str(cast.room).encode()).decode()
    name = base64.b64encode(b"x").decode()
    metadata = f"Upload-Metadata: filename {name},chatroomId {room}"
    assert (await ask(edge, "POST", TUS, mallory, VERSION, "Upload-Length: 1", metadata)).status == 404
    assert list((system.state / "media" / "uploads").iterdir()) == []
