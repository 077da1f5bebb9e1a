"""What people do with messages, in two browsers: answer, edit, recall, react, mention, pass on, see what was read."""

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from conftest import Arrive, Register
from teahouse import eventually

pytestmark = pytest.mark.timeout(240)


async def test_what_is_done_with_a_message_is_seen_by_both(arrive: Arrive, register: Register, screens: Path) -> None:
    ann, bob, cat = await register("ann"), await register("bob"), await register("cat")
    await asyncio.gather(ann.befriend(bob), ann.befriend(cat))
    group = await ann.group("Tea and talk", bob, cat)
    await ann.direct(bob)
    a, b = await asyncio.gather(arrive(ann), arrive(bob))
    await asyncio.gather(a.open_chat("Tea and talk"), b.open_chat("Tea and talk"))

    # Sent, then read.
    await a.say("First, the water")
    await b.sees("First, the water")
    await expect(a.row("First, the water").get_by_role("img", name="Read", exact=True)).to_be_visible()
    await a.menu("First, the water", "Read by")
    await expect(a.page.get_by_role("dialog").get_by_text("Read · 1")).to_be_visible()
    await expect(a.page.get_by_role("dialog").get_by_text("Not yet · 1")).to_be_visible()
    await a.page.screenshot(path=screens / "readers.png")
    await a.page.keyboard.press("Escape")

    # Answered; the answer leads to what it answers.
    await b.menu("First, the water", "Reply")
    await b.page.screenshot(path=screens / "replying.png")
    await b.say("Ninety degrees")
    await a.sees("Ninety degrees")
    await a.row("Ninety degrees").locator(".quote", has_text="First, the water").click()
    await expect(a.page.locator(".message-sought", has_text="First, the water")).to_be_visible()

    # Edited, by the menu and by the arrow key.
    await b.menu("Ninety degrees", "Edit")
    await b.say("Eighty degrees")
    await expect(a.row("Eighty degrees").get_by_text("edited")).to_be_visible()
    await expect(a.row("Ninety degrees")).to_have_count(0)
    await b.page.get_by_label("Write a message").press("ArrowUp")
    await b.say("Eighty-five degrees")
    await expect(a.row("Eighty-five degrees").get_by_text("edited")).to_be_visible()

    # Reacted to, by both, and no longer by one.
    await a.row("Eighty-five degrees").hover()
    await a.row("Eighty-five degrees").get_by_role("button", name="React").click()
    await a.page.get_by_role("group", name="React").get_by_role("button", name="👍").click()
    chip = b.row("Eighty-five degrees").locator(".reaction")
    await expect(chip).to_have_text("👍1")
    await chip.click()
    await expect(a.row("Eighty-five degrees").locator(".reaction")).to_have_text("👍2")
    await expect(chip).to_have_attribute("aria-pressed", "true")
    await a.page.screenshot(path=screens / "reactions.png")
    await chip.click()
    await expect(a.row("Eighty-five degrees").locator(".reaction")).to_have_text("👍1")

    # Mentioned, chosen by the keys.
    await a.page.get_by_label("Write a message").press_sequentially("@bo")
    await expect(a.page.get_by_role("listbox")).to_be_visible()
    await a.page.screenshot(path=screens / "mention.png")
    await a.page.keyboard.press("Enter")
    nickname = bob.user["nickname"]
    await expect(a.page.get_by_label("Write a message")).to_have_value(f"@{nickname} ")
    await a.page.keyboard.type("come at four")
    await a.page.keyboard.press("Enter")
    await b.sees("come at four")
    page = await bob.page(group)
    assert [m["mentions"] for m in page["messages"] if "come at four" in m["content"]] == [[bob.id]]
    assert [m["replyTo"] for m in page["messages"] if m.get("replyTo")] == [page["messages"][0]["seq"]]

    # Passed on.
    await b.menu("come at four", "Forward")
    await b.page.get_by_role("dialog").locator("label", has_text=ann.user["nickname"]).click()
    await b.page.get_by_role("dialog").get_by_role("button", name="Send").click()
    await a.open_chat(bob.user["nickname"])
    await a.sees("come at four")
    await a.open_chat("Tea and talk")

    # Recalled: a tombstone for both, and nothing to do with it.
    await a.say("Not this one")
    await b.sees("Not this one")
    await a.menu("Not this one", "Recall")
    await a.page.get_by_role("dialog").get_by_role("button", name="Recall").click()
    for visitor in (a, b):
        await expect(visitor.page.get_by_role("log").get_by_text("recalled")).to_be_visible()
        await expect(visitor.row("Not this one")).to_have_count(0)
    await b.page.screenshot(path=screens / "recalled.png")

    # Somebody writes, and that is seen.
    async def is_seen_writing() -> bool:
        await b.page.get_by_label("Write a message").press_sequentially("tea ")
        return await a.page.get_by_text(f"{nickname} is typing…").is_visible()

    await eventually(is_seen_writing)

    # A reload finds all of it.
    await a.page.reload()
    await a.is_online()
    await expect(a.row("Eighty-five degrees").locator(".reaction")).to_have_text("👍1")
    await expect(a.row("Eighty-five degrees").locator(".quote")).to_contain_text("First, the water")
    await expect(a.page.get_by_role("log").get_by_text("recalled")).to_be_visible()
