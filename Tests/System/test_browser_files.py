"""Images and files in a browser: looked at before they go, stopped, tried again, and seen large."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from conftest import Arrive, Meet
from images import png
from visitor import Visitor

pytestmark = pytest.mark.timeout(240)


def picture(name: str, width: int = 160, height: int = 120) -> dict[str, object]:
    return {"name": name, "mimeType": "image/png", "buffer": png(width, height)}


async def bring(visitor: Visitor, kind: str, **files: bytes) -> None:
    """Pastes or drops files onto the composer, as a browser would."""
    await visitor.page.evaluate(
        """({ kind, files }) => {
            const transfer = new DataTransfer()
            for (const [name, text] of Object.entries(files)) transfer.items.add(new File([text], name, { type: "text/plain" }))
            const event = kind === "paste"
                ? new ClipboardEvent("paste", { clipboardData: transfer, bubbles: true, cancelable: true })
                : new DragEvent(kind, { dataTransfer: transfer, bubbles: true, cancelable: true })
            document.querySelector("textarea").dispatchEvent(event)
        }""",
        {"kind": kind, "files": {name.replace("_", "."): data.decode() for name, data in files.items()}},
    )


async def test_files_are_looked_at_before_they_go_and_go_in_their_order(
    meet: Meet, arrive: Arrive, screens: Path
) -> None:
    talk = await meet()
    visitor = await arrive(talk.ann)
    page = visitor.page
    await visitor.open_chat("Bob")
    tray = page.get_by_role("list", name="Files to send")
    await page.locator('[data-pick="image"]').set_input_files([picture("one.png"), picture("two.png", 300, 100)])
    await bring(visitor, "paste", three_txt=b"tea")
    await bring(visitor, "drop", four_txt=b"more tea")
    await expect(tray.get_by_role("listitem")).to_have_count(4)
    await tray.get_by_role("button", name="Remove two.png").click()
    await page.screenshot(path=screens / "tray.png")
    assert (await talk.bob.page(talk.room))["messages"] == []
    await visitor.say("three things <b>for</b> you")
    await expect(tray).to_have_count(0)
    await expect(page.locator("[data-seq]")).to_have_count(3)
    messages = (await talk.bob.page(talk.room))["messages"]
    assert [(message["media"]["name"], message["content"]) for message in messages] == [
        ("one.png", ""), ("three.txt", ""), ("four.txt", "three things <b>for</b> you")]

    # Escape puts them away again, and leaves the words.
    await page.locator('[data-pick="file"]').set_input_files([picture("five.png")])
    await page.get_by_label("Write a message").fill("only words")
    await page.keyboard.press("Escape")
    await expect(tray).to_have_count(0)
    await page.keyboard.press("Enter")
    await visitor.is_stored("only words")


async def test_an_upload_is_stopped_and_one_that_was_refused_is_tried_again(meet: Meet, arrive: Arrive) -> None:
    talk = await meet()
    visitor = await arrive(talk.ann)
    page = visitor.page
    await visitor.open_chat("Bob")
    go_on = asyncio.Event()
    refuse = True

    async def slowly(route: Route) -> None:
        await go_on.wait()
        if refuse:
            await route.fulfill(status=413, json={"code": "too_large", "message": ""})
        else:
            await route.continue_()

    await page.route("**/api/media/uploads?*", slowly)
    await page.locator('[data-pick="image"]').set_input_files([picture("stopped.png"), picture("kept.png")])
    await visitor.say("look")
    pending = page.locator('[data-state="uploading"]')
    await expect(pending).to_have_count(2)
    await pending.first.get_by_role("button", name="Cancel upload").click()
    await expect(pending).to_have_count(1)
    go_on.set()
    failed = page.locator('[data-state="failed"]')
    await expect(failed.get_by_role("alert")).to_contain_text("This is too large.")
    refuse = False
    await failed.get_by_role("button", name="Try again").click()
    await expect(page.locator("[data-seq]")).to_have_count(1)
    messages = (await talk.bob.page(talk.room))["messages"]
    assert [(message["media"]["name"], message["content"]) for message in messages] == [("kept.png", "look")]


async def test_images_are_seen_large_one_after_the_other(meet: Meet, arrive: Arrive) -> None:
    talk = await meet()
    visitor = await arrive(talk.ann)
    page = visitor.page
    await visitor.open_chat("Bob")
    await page.locator('[data-pick="image"]').set_input_files([picture(f"{name}.png") for name in ("a", "b", "c")])
    await visitor.say("")
    await expect(page.locator("[data-seq] .picture")).to_have_count(3)
    await page.locator("[data-seq] .picture").nth(1).click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("2 of 3")).to_be_visible()
    await page.keyboard.press("ArrowRight")
    await expect(dialog.get_by_role("img", name="Image c.png")).to_be_visible()
    await expect(dialog.get_by_role("button", name="Next image")).to_have_count(0)
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("ArrowLeft")
    await expect(dialog.get_by_role("img", name="Image a.png")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    await expect(page.locator("[data-seq] .picture").nth(1)).to_be_focused()
