"""What a long chat, the keys and the list of chats do for those who know them."""

import re
from datetime import date

import pytest
from playwright.async_api import expect

from conftest import Arrive, Meet, Register
from teahouse import eventually

pytestmark = pytest.mark.timeout(300)


async def test_ten_thousand_messages_are_scrolled_to_their_start(meet: Meet, arrive: Arrive) -> None:
    """The page holds a part of them at a time, in order and without a hole, all the way up."""
    talk = await meet()
    await talk.friend.say_many(talk.room, 10_000, together=256)
    visitor = await arrive(talk.ann)
    page = visitor.page
    await visitor.open_chat("Bob")
    await expect(page.locator('[data-seq="10000"]')).to_be_in_viewport()
    # At each step the page looks up as far as it holds, as one does who drags the bar.
    most = await page.evaluate("""async () => {
        const log = document.querySelector('[role="log"]')
        const rows = () => [...log.querySelectorAll("[data-seq]")].map((row) => Number(row.dataset.seq))
        let most = 0
        for (let before = Infinity; ;) {
            log.scrollTop = 0
            await new Promise(requestAnimationFrame)
            const seqs = rows()
            most = Math.max(most, seqs.length)
            if (seqs.some((seq, index) => index > 0 && seq !== seqs[index - 1] + 1)) throw new Error(`a hole in ${seqs}`)
            if (seqs[0] === 1) return most
            if (seqs[0] > before) throw new Error(`down again, from ${before} to ${seqs[0]}`)
            before = seqs[0]
        }
    }""")
    assert most <= 200
    await expect(page.get_by_text("The beginning of this chat")).to_be_attached()
    await page.get_by_role("button", name="Jump to the latest message").click()
    await expect(page.locator('[data-seq="10000"]')).to_be_in_viewport()

    # A day leads to its first message.
    await page.locator(".day button").first.click()
    await page.get_by_label("Day", exact=True).fill(date.today().isoformat())
    await page.get_by_role("dialog").get_by_role("button", name="Go").click()
    await expect(page.locator('[data-seq="1"]')).to_be_in_viewport()


async def test_keys_lead_from_chat_to_chat(meet: Meet, arrive: Arrive, register: Register) -> None:
    talk = await meet()
    cat = await register("cat")
    await talk.ann.befriend(cat)
    await talk.ann.group("Tea circle", talk.bob, cat)
    await talk.friend.say(talk.room, "hello")
    visitor = await arrive(talk.ann)
    page = visitor.page
    heading = page.locator(".chatroom-title h1")

    await page.keyboard.press("Control+k")
    await expect(page.get_by_role("dialog", name="Go to a chat").get_by_role("searchbox")).to_be_focused()
    await page.keyboard.type("circ")
    await expect(page.get_by_role("option")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(heading).to_have_text("Tea circle")
    await page.keyboard.press("Alt+ArrowUp")
    await expect(heading).to_have_text("Bob")
    await page.keyboard.press("Alt+ArrowDown")
    await expect(heading).to_have_text("Tea circle")
    await page.keyboard.press("Control+/")
    await expect(page.get_by_role("dialog", name="Keyboard shortcuts")).to_be_visible()
    await page.keyboard.press("Escape")
    # A question mark that is written is only a question mark.
    await page.get_by_label("Write a message").press_sequentially("who? ")
    await expect(page.get_by_role("dialog")).to_have_count(0)

    # What was begun here is seen from elsewhere, and is still here.
    await page.keyboard.press("Alt+ArrowUp")
    row = page.get_by_role("region", name="Chats").locator(".row", has_text="Tea circle")
    await expect(row).to_contain_text("Draft: who?")
    await row.click()
    await expect(page.get_by_label("Write a message")).to_have_value("who? ")


async def test_the_list_says_who_is_meant_and_keeps_away_what_is_put_away(
    meet: Meet, arrive: Arrive, register: Register
) -> None:
    talk = await meet()
    group = await talk.ann.group("Loud people", talk.bob)
    visitor = await arrive(talk.ann)
    page = visitor.page
    chats = page.get_by_role("region", name="Chats")
    loud = chats.locator(".row", has_text="Loud people")
    await loud.click(button="right")
    await page.get_by_role("menuitem", name="Mute").click()
    await loud.click(button="right")
    await page.get_by_role("menuitem", name="Hide from the list").click()
    await expect(loud).to_have_count(0)
    await chats.get_by_role("button", name="1 hidden").click()
    await expect(loud).to_be_visible()
    await chats.get_by_role("button", name="Show fewer").click()

    # It comes back when somebody writes, without a number in the title; who is named is told so.
    await talk.friend.say(group, "anybody?")
    await expect(loud.locator(".badge-quiet")).to_have_text("1")
    await expect(page).to_have_title(re.compile("^Teahouse"))
    await talk.friend.say(group, "@Ann?", mentions=[talk.ann.id])
    await expect(loud.get_by_role("img", name="You were mentioned")).to_be_visible()
    await loud.click(button="right")
    await page.get_by_role("menuitem", name="Mark as read").click()
    await expect(loud).to_have_count(0)

    async def is_read() -> bool:
        listed = (await talk.ann.call("GET", "/api/history/chatrooms"))["chatrooms"]
        return [each["unread"] for each in listed if each["chatroomId"] == group] == [0]

    assert await eventually(is_read)

    # Who does not see the page is told what comes to the chat that is open.
    await visitor.open_chat("Bob")
    await talk.friend.say(talk.room, "read this out")
    await expect(page.locator('[aria-live="polite"]', has_text="Bob: read this out")).to_be_attached()
