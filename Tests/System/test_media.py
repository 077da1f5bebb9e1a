"""Files are for the members of their chatroom."""

import io
import uuid

import pytest
from PIL import ExifTags, Image

from conftest import Connect, Register
from images import photograph, png
from teahouse import Person, eventually

octets = {"content-type": "application/octet-stream"}


async def test_an_image_is_sent_and_read_by_members_only(
    register: Register, connect: Connect, gateways: list[str], edge: str
) -> None:
    ann, bob, eve = [await register(name) for name in ("ann", "bob", "eve")]
    await ann.befriend(bob)
    room = await ann.direct(bob)
    uploaded = await ann.call(
        "POST", "/api/media/uploads", params={"name": "茶 tea.png", "chatroomId": room}, data=png(64, 48),
        headers={"content-type": "image/png"}, expect=201,
    )
    assert (uploaded["type"], uploaded["width"], uploaded["height"]) == ("image/png", 64, 48)
    assert uploaded["name"] == "茶 tea.png"

    one, two = await connect(ann, gateways[0]), await connect(bob, gateways[1])
    receipt = await one.say(room, "", type="image", mediaId=uploaded["id"])
    await two.until_seq(room, receipt["seq"])
    media = two.messages(room)[-1]["media"]
    assert (media["id"], media["type"]) == (uploaded["id"], "image/png")

    status, body, headers = await bob.ask("GET", media["url"])
    assert status == 200 and body.startswith(b"\x89PNG")
    assert headers["content-type"] == "image/png" and headers["x-content-type-options"] == "nosniff"
    hidden, missing = await eve.ask("GET", media["url"]), await eve.ask("GET", f"/api/media/files/{uuid.uuid4()}/x.png")
    assert hidden[0] == missing[0] == 404 and hidden[1] == missing[1]
    async with Person.anonymous(edge) as nobody:
        assert (await nobody.ask("GET", media["url"]))[0] == 401


async def test_a_file_comes_back_byte_for_byte_as_an_attachment(register: Register) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    content = b"<script>alert(1)</script>" + bytes(range(256)) * 999
    uploaded = await ann.call(
        "POST", "/api/media/uploads", params={"name": "page.html", "chatroomId": room}, data=content, headers=octets,
        expect=201,
    )
    assert uploaded["size"] == len(content)
    status, body, headers = await bob.ask("GET", uploaded["url"])
    assert status == 200 and body == content
    assert headers["content-disposition"].startswith("attachment")
    assert headers["x-content-type-options"] == "nosniff"


async def test_nobody_puts_files_into_a_strangers_chatroom(register: Register, edge: str) -> None:
    ann, bob, eve = [await register(name) for name in ("ann", "bob", "eve")]
    await ann.befriend(bob)
    room = await ann.direct(bob)
    upload = {"params": {"name": "x.bin", "chatroomId": room}, "data": b"x", "headers": octets}
    status, body, _ = await eve.ask("POST", "/api/media/uploads", **upload)
    assert (status, body["code"]) == (404, "chatroom_not_found")
    async with Person.anonymous(edge) as nobody:
        assert (await nobody.ask("POST", "/api/media/uploads", **upload))[0] == 401


async def test_nobody_sends_a_file_that_they_may_not_read(
    register: Register, connect: Connect, gateways: list[str]
) -> None:
    ann, bob, eve = [await register(name) for name in ("ann", "bob", "eve")]
    await ann.befriend(bob)
    await bob.befriend(eve)
    room, other = await ann.direct(bob), await eve.direct(bob)
    uploaded = await ann.call(
        "POST", "/api/media/uploads", params={"name": "secret.txt", "chatroomId": room}, data=b"secret", headers=octets,
        expect=201,
    )
    thief = await connect(eve, gateways[0])
    answer = await thief.send(other, "", type="file", mediaId=uploaded["id"])
    assert "error" in answer, answer
    assert (await eve.page(other))["head"] == 0


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP", "GIF"])
async def test_a_photograph_does_not_tell_where_it_was_taken(register: Register, kind: str) -> None:
    place = "52.5200N 13.4050E"
    # A GIF lies as it lies.
    orientation = 1 if kind == "GIF" else 6
    taken = photograph(kind, place, orientation)
    assert place.encode() in taken
    ann = await register("ann")
    uploaded = await ann.call(
        "POST", "/api/media/uploads", params={"name": "me"}, data=taken, headers=octets, expect=201
    )
    assert uploaded["type"] == f"image/{kind.lower()}"
    status, stored, _ = await ann.ask("GET", uploaded["url"])
    assert status == 200 and uploaded["size"] == len(stored)
    assert place.encode() not in stored
    before, after = Image.open(io.BytesIO(taken)), Image.open(io.BytesIO(stored))
    exif = after.getexif()
    assert not exif.get_ifd(ExifTags.IFD.GPSInfo)
    assert exif.get(ExifTags.Base.Orientation, 1) == orientation
    assert set(exif) <= {ExifTags.Base.Orientation}
    # Bit for bit the same picture, and its sides as they are seen.
    assert before.convert("RGB").tobytes() == after.convert("RGB").tobytes()
    assert (uploaded["width"], uploaded["height"]) == ((64, 48) if orientation == 1 else (48, 64))


async def test_who_was_removed_sees_neither_a_picture_nor_its_thumbnail(
    register: Register, connect: Connect, gateways: list[str], edge: str
) -> None:
    ann, bob, eve = [await register(name) for name in ("ann", "bob", "eve")]
    await ann.befriend(bob)
    room = await ann.group("walks", bob)
    picture = await ann.call(
        "POST", "/api/media/uploads", params={"name": "large.png", "chatroomId": room}, data=png(800, 600), headers=octets,
        expect=201,
    )
    socket = await connect(ann, gateways[0])
    sent = await socket.say(room, "", type="image", mediaId=picture["id"])
    links = (picture["url"], picture["thumbnail"])

    async def statuses(person: Person) -> list[int]:
        return [(await person.ask("GET", link))[0] for link in links]

    assert await statuses(bob) == [200, 200]
    assert await statuses(eve) == [404, 404]
    async with Person.anonymous(edge) as nobody:
        assert await statuses(nobody) == [401, 401]
    await ann.call("DELETE", f"/api/social/chatrooms/{room}/members/{bob.id}", expect=204)

    async def is_out() -> bool:
        return await statuses(bob) == [404, 404]

    await eventually(is_out, within=5)
    assert await statuses(ann) == [200, 200]
    await ann.call("DELETE", f"/api/history/chatrooms/{room}/messages/{sent['seq']}", expect=None)

    async def is_gone() -> bool:
        return await statuses(ann) == [404, 404]

    await eventually(is_gone, within=5)
