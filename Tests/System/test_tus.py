"""Large files come in parts, by the stock client of tus, whatever breaks on the way."""

import asyncio
import hashlib
import io
import os
from typing import Any

import pytest
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed
from tusclient.uploader import Uploader

from conftest import Connect, Register
from teahouse import Control, Person, eventually

PART = {"content-type": "application/offset+octet-stream", "tus-resumable": "1.0.0"}


def uploader(person: Person, content: bytes, chatroom: int, **options: Any) -> Uploader:
    client = TusClient(f"{person.address}/api/media/tus/", headers={"Authorization": f"Bearer {person.token}"})
    metadata = {"filename": "茶 tea.bin", "chatroomId": str(chatroom), "filetype": "x/y"}
    return client.uploader(file_stream=io.BytesIO(content), metadata=metadata, **options)


async def file_of(person: Person, upload: Uploader) -> dict[str, Any]:
    return await person.call("GET", "/" + upload.url.split("/", 3)[3])


@pytest.mark.timeout(180)
async def test_an_upload_goes_on_where_media_died(
    register: Register, connect: Connect, gateways: list[str], control: Control
) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    content = os.urandom(3_000_001)
    upload = uploader(ann, content, room, chunk_size=700_000, upload_checksum=True)
    await asyncio.to_thread(upload.upload, stop_at=1_400_000)
    await control("kill", "media")
    with pytest.raises((TusCommunicationError, TusUploadFailed)):
        await asyncio.to_thread(upload.upload_chunk)
    await control("start", "media")

    async def is_back() -> bool:
        return await asyncio.to_thread(upload.get_offset) == 1_400_000

    await eventually(is_back)
    # In the middle of a part without a checksum: what has come by then counts.
    pieces = iter([content[1_400_000:1_500_000], content[1_500_000:1_600_000]])

    async def body() -> Any:
        for piece in pieces:
            yield piece
        await asyncio.sleep(0.5)
        await control("kill", "media")
        yield b"x"

    url = "/" + upload.url.split("/", 3)[3]
    try:
        status, _, _ = await ann.ask("PATCH", url, data=body(), headers={**PART, "upload-offset": "1400000"})
        assert status >= 500
    except Exception as error:  # noqa: BLE001 whatever a broken line is told as
        assert not isinstance(error, AssertionError)
    await control("start", "media")

    async def goes_on() -> int:
        return await asyncio.to_thread(upload.get_offset)

    upload.offset = await eventually(goes_on)
    assert 1_400_000 <= upload.offset <= 1_600_000
    await asyncio.to_thread(upload.upload)
    file = await file_of(ann, upload)
    assert (file["name"], file["size"], file["type"]) == ("茶 tea.bin", len(content), "application/octet-stream")

    one, two = await connect(ann, gateways[0]), await connect(bob, gateways[1])
    receipt = await one.say(room, "", type="file", mediaId=file["id"])
    await two.until_seq(room, receipt["seq"])
    status, body_, headers = await bob.ask("GET", two.messages(room)[-1]["media"]["url"])
    assert status == 200 and body_ == content
    assert headers["etag"] == f'"{hashlib.sha256(content).hexdigest()}"'


async def test_an_empty_file_and_one_of_a_single_part(register: Register) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    room = await ann.direct(bob)
    for content in (b"", b"x", os.urandom(100_000)):
        upload = uploader(ann, content, room)
        await asyncio.to_thread(upload.upload)
        file = await file_of(ann, upload)
        status, body, _ = await bob.ask("GET", file["url"])
        assert (status, body, file["size"]) == (200, content, len(content))
        status, body, _ = await ann.ask("DELETE", f"/api/media/files/{file['id']}")
        assert status == 204
