"""Large files in a browser, which go in parts: cut off on the way, taken up again, and given up."""

import asyncio
import hashlib
import os
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Request, Route, expect

from conftest import Arrive, Meet
from drill.links import Link
from teahouse import eventually

pytestmark = pytest.mark.timeout(240)

#: What the client sends in one request; what is larger than 20 MiB goes in parts.
PART = 8 << 20
UPLOADS = "**/api/media/tus/*"


@pytest.fixture
async def link(edge: str) -> AsyncIterator[tuple[Link, str]]:
    """A way to the edge that can be cut, and its address."""
    link = Link(urlsplit(edge).port)
    yield link, f"http://127.0.0.1:{await link.open()}"
    await link.close()


@pytest.fixture
def harvest(tmp_path: Path) -> Path:
    """A file of four parts, the last one small."""
    file = tmp_path / "harvest.bin"
    file.write_bytes(os.urandom(3 * PART + 5))
    return file


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


async def test_a_large_file_goes_on_where_the_line_broke(
    meet: Meet, arrive: Arrive, link: tuple[Link, str], harvest: Path, screens: Path
) -> None:
    talk = await meet()
    way, address = link
    visitor = await arrive(talk.ann, base_url=address)
    page = visitor.page
    asked: list[Request] = []
    page.on("request", lambda request: asked.append(request) if "/api/media/tus/" in request.url else None)
    await visitor.open_chat("Bob")
    pending = page.locator('[data-state="uploading"]')
    bar = pending.get_by_role("progressbar", name="harvest.bin")

    # Slow enough to be cut in the middle of the second part.
    before, way.delay = way.carried, 0.01
    await page.locator('[data-pick="file"]').set_input_files(harvest)
    await visitor.say("the whole harvest")
    await expect(pending).to_have_count(1)

    async def has_half_of_it() -> bool:
        return way.carried - before > 3 * PART // 2

    await eventually(has_half_of_it)
    tries: list[float] = []

    async def refuse(route: Route) -> None:
        tries.append(time.monotonic())
        await route.abort("connectionrefused")

    await page.route(UPLOADS, refuse)
    # Nothing is there either for whoever comes anew, as the browser does by itself.
    edge, way.target = way.target, 1
    way.cut()
    await expect(page.locator('[data-connection="offline"]')).to_be_attached()
    await expect(pending).to_contain_text(re.compile(r"Uploading [1-9]\d %"))
    assert 0.4 < await bar.evaluate("bar => bar.value") < 1
    await expect(pending.get_by_role("button", name="Cancel upload")).to_be_visible()
    await page.screenshot(path=screens / "upload-cut.png")

    # It tries again, and not without a pause.
    async def has_tried_twice() -> bool:
        return len(tries) >= 2

    await eventually(has_tried_twice)
    assert tries[1] - tries[0] > 1

    await page.unroute(UPLOADS, refuse)
    way.delay, way.target = 0, edge
    await expect(page.locator("[data-seq]").get_by_role("button", name="harvest.bin")).to_be_visible(timeout=60_000)
    await expect(page.locator("[data-state]")).to_have_count(0)

    # One upload, of which nothing that had arrived went again: also not of the part that was cut.
    offsets = [int(request.headers["upload-offset"]) for request in asked if request.method == "PATCH"]
    assert [request.method for request in asked].count("POST") == 1
    assert offsets == sorted(offsets) and offsets.count(0) == 1 and any(offset % PART for offset in offsets), offsets

    reader = await arrive(talk.bob)
    await reader.open_chat("Ann")
    await reader.sees("the whole harvest")
    async with reader.page.expect_download() as started:
        await reader.page.get_by_role("log").get_by_role("button", name="harvest.bin").click()
    download = await started.value
    assert download.suggested_filename == "harvest.bin"
    assert digest(await download.path()) == digest(harvest)
    messages = (await talk.bob.page(talk.room))["messages"]
    assert [(message["type"], message["content"]) for message in messages] == [("file", "the whole harvest")]


async def test_a_large_upload_that_is_cancelled_leaves_nothing_behind(
    meet: Meet, arrive: Arrive, harvest: Path
) -> None:
    """Also where its last part still holds it when it is to be ended."""
    talk = await meet()
    visitor = await arrive(talk.ann)
    page = visitor.page
    await visitor.open_chat("Bob")
    go_on = asyncio.Event()
    ends: list[str] = []

    async def meddle(route: Route) -> None:
        request = route.request
        if request.method == "PATCH" and request.headers["upload-offset"] != "0":
            await go_on.wait()
            await route.abort()
        elif request.method == "DELETE":
            ends.append(urlsplit(request.url).path)
            if len(ends) == 1:
                await route.fulfill(status=423, json={"code": "upload_locked", "message": "", "retryAfter": 1})
            else:
                await route.continue_()
        else:
            await route.continue_()

    await page.route(UPLOADS, meddle)
    await page.locator('[data-pick="file"]').set_input_files(harvest)
    await visitor.say("not this one")
    pending = page.locator('[data-state="uploading"]')
    await expect(pending).to_contain_text(re.compile(r"Uploading 3\d %"))
    await pending.get_by_role("button", name="Cancel upload").click()
    await expect(page.locator("[data-state]")).to_have_count(0)
    go_on.set()

    async def is_ended() -> bool:
        return len(ends) >= 2 and (await talk.ann.ask("GET", ends[0]))[1]["code"] == "upload_not_found"

    await eventually(is_ended)
    await visitor.say("only words")
    await visitor.is_stored("only words")
    await page.reload()
    await visitor.is_stored("only words")
    await expect(page.locator("[data-state]")).to_have_count(0)
    assert [message["content"] for message in (await talk.bob.page(talk.room))["messages"]] == ["only words"]
