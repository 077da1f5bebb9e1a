"""What people let others see and ask of them: set on one page, looked at on another's."""

import asyncio
import re

import pytest
from playwright.async_api import expect

from conftest import Arrive, Connect, Register
from teahouse import Payload, Person, eventually
from visitor import Visitor

pytestmark = pytest.mark.timeout(240)

SEEN = "Who sees when I am online"
ASKED = "Who may ask to be friends"


async def set_privacy(visitor: Visitor, **values: str | bool) -> None:
    """On the page `Me`, where one is; each is stored when the next is set."""
    page = visitor.page
    labels = {"presence": SEEN, "requests": ASKED, "receipts": "Read receipts", "typing": "Show when I write"}
    for name, value in values.items():
        field = page.get_by_label(labels[name])
        async with page.expect_response(
            lambda answer: answer.request.method == "PATCH" and answer.url.endswith("/api/auth/me/privacy")
        ) as stored:
            await (field.set_checked(value) if isinstance(value, bool) else field.select_option(value))
        assert (await (await stored.value).json())[name] == value


async def friend_of(person: Person, other: Person) -> Payload:
    friends = (await person.call("GET", "/api/social/friends"))["friends"]
    return next(each for each in friends if each["user"]["id"] == other.id)


async def readers(visitor: Visitor, text: str) -> list[str | None]:
    """How many have read a message and how many have not, as its sender is shown."""
    dialog = visitor.page.get_by_role("dialog", name="Read by")
    await visitor.menu(text, "Read by")
    await expect(dialog.get_by_role("heading", level=3)).to_have_count(2)
    counts = await dialog.get_by_role("heading", level=3).all_text_contents()
    await visitor.page.keyboard.press("Escape")
    await expect(dialog).to_have_count(0)
    return counts


async def watch_typing(visitor: Visitor) -> None:
    """From now on the page notes whether it has ever said that somebody is writing."""
    await visitor.page.evaluate("""() => {
        window.sawTyping = false
        const look = () => { window.sawTyping ||= document.body.innerText.includes("is typing") }
        new MutationObserver(look).observe(document.body, { childList: true, subtree: true, characterData: true })
    }""")


async def saw_typing(visitor: Visitor) -> bool:
    return await visitor.page.evaluate("window.sawTyping")


async def test_who_hides_is_seen_neither_online_nor_when_they_last_were(arrive: Arrive, register: Register) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    group = await ann.group("Tea", bob)
    a, b = await asyncio.gather(arrive(ann), arrive(bob))
    line, card = a.friend("Bob"), a.page.get_by_role("region", name="Bob", exact=True)
    mark = a.page.get_by_label("Details", exact=True).locator("li", has_text="Bob").locator(".avatar-online")

    async def look_at_the_group() -> None:
        await a.page.goto(f"/chatrooms/{group}")
        await a.page.get_by_role("button", name="Details").click()
        await expect(a.page.get_by_label("Details", exact=True).locator("li", has_text="Bob")).to_be_visible()

    await a.go("Friends")
    await expect(line).to_contain_text("Online")
    await look_at_the_group()
    await expect(mark).to_have_count(1)
    await a.go("Friends")
    await line.click()
    await expect(card.get_by_text("Online", exact=True)).to_be_visible()

    await b.go("Me")
    await set_privacy(b, presence="nobody")
    await expect(line).to_contain_text(f"@{bob.username}")
    await expect(card.get_by_text(re.compile("Online|Last seen"))).to_have_count(0)

    # Nor does a page know it that asks anew.
    async def is_hidden() -> bool:
        seen = await friend_of(ann, bob)
        return not seen["online"] and "lastSeenAt" not in seen

    await eventually(is_hidden)
    async with a.page.expect_response(re.compile(r"/api/social/friends(\?|$)")):
        await a.page.reload()
    await a.is_online()
    await expect(line).to_contain_text(f"@{bob.username}")
    await look_at_the_group()
    await expect(mark).to_have_count(0)

    # It is kept, until it is set otherwise; that is seen at once.
    await a.go("Friends")
    await b.page.reload()
    await expect(b.page.get_by_label(SEEN)).to_have_value("nobody")
    await b.is_online()
    await set_privacy(b, presence="friends")
    await expect(line).to_contain_text("Online")


async def test_who_hides_what_they_read_and_write_learns_it_of_nobody(arrive: Arrive, register: Register) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    group = await ann.group("Tea", bob)
    a, b = await asyncio.gather(arrive(ann), arrive(bob))
    read, unseen = ["Read · 1", "Not yet · 0"], ["Read · 0", "Not yet · 0"]

    # As it is while nobody hides anything.
    await asyncio.gather(a.open_chat("Tea"), b.open_chat("Tea"))
    await a.say("The first")
    await b.sees("The first")
    await expect(a.row("The first").get_by_role("img", name="Read", exact=True)).to_be_visible()
    assert await readers(a, "The first") == read

    async def is_seen_writing() -> bool:
        await b.page.get_by_label("Write a message").press_sequentially("tea ")
        return await a.page.get_by_text("Bob is typing…").is_visible()

    await eventually(is_seen_writing)
    await b.page.get_by_label("Write a message").fill("")

    # Gateways hear of one after the other: where he has gone from Ann's list, his hears nothing any more.
    await a.go("Friends")
    await expect(a.friend("Bob")).to_contain_text("Online")
    await b.go("Me")
    await set_privacy(b, typing=False, receipts=False, presence="nobody")
    await expect(a.friend("Bob")).to_contain_text(f"@{bob.username}")
    for visitor in (a, b):
        await visitor.page.goto(f"/chatrooms/{group}")
        await visitor.is_online()
        await visitor.is_stored("The first")

    async def are_hidden() -> bool:
        return await readers(a, "The first") == unseen

    await eventually(are_hidden)

    # One writes, then the other: that they did would have come before what they wrote.
    for writer, other, reader, text in ((b, a, ann, "The second"), (a, b, bob, "The third")):
        await watch_typing(other)
        await writer.page.get_by_label("Write a message").press_sequentially("The ")
        await writer.say(text)
        await other.sees(text)
        assert not await saw_typing(other)

        async def has_read_it() -> bool:
            listed = (await reader.call("GET", "/api/history/chatrooms"))["chatrooms"]
            return [each["unread"] for each in listed if each["chatroomId"] == group] == [0]

        await eventually(has_read_it)
    assert await readers(a, "The third") == unseen
    assert await readers(b, "The second") == unseen
    await expect(a.row("The third").get_by_role("img", name="Sent", exact=True)).to_be_visible()

    # It was read all the same, and who shows it again shows that too.
    await b.go("Me")
    await set_privacy(b, receipts=True)

    async def are_shown() -> bool:
        return await readers(a, "The third") == read

    await eventually(are_shown)


async def test_requests_come_from_whom_one_takes_them(arrive: Arrive, register: Register) -> None:
    bob, cat = await register("bob"), await register("cat")
    b, c = await asyncio.gather(arrive(bob), arrive(cat))
    refusal = c.page.get_by_text("This person does not take friend requests in this way.")
    code, own = c.page.get_by_label("Their friend code, if you have it"), b.page.locator(".friend-code")

    async def is_refused(given: str) -> None:
        await expect(refusal).to_have_count(0)
        await code.fill(given)
        await c.page.get_by_role("button", name="Send request").click()
        await expect(refusal).to_be_visible()

    await b.go("Me")
    await set_privacy(b, requests="nobody")
    await expect(own).to_have_count(0)
    await c.try_to_ask(bob, "tea?")
    await expect(refusal).to_be_visible()
    await set_privacy(b, requests="code")
    old = await own.inner_text()
    await is_refused("AAAA-AAAA-AAAA")
    await b.page.get_by_role("button", name="Make another friend code").click()
    await expect(own).not_to_have_text(old)
    await is_refused(old)
    badge = b.page.get_by_role("navigation").get_by_role("button", name="Friends", exact=True).locator(".badge")
    await expect(badge).to_have_count(0)

    await code.fill(await own.inner_text())
    await c.page.get_by_role("button", name="Send request").click()
    await expect(c.page.get_by_text("Request sent")).to_be_visible()
    await expect(badge).to_have_text("1")


async def test_a_friend_who_has_gone_was_last_seen_then(
    arrive: Arrive, register: Register, connect: Connect, gateways: list[str]
) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    await ann.direct(bob)
    a, b = await asyncio.gather(arrive(ann), arrive(bob))
    line, card = a.friend("Bob"), a.page.get_by_role("region", name="Bob", exact=True)
    await a.go("Friends")
    await expect(line).to_contain_text("Online")
    await expect(line).not_to_contain_text("Last seen")
    await line.click()

    # Gone is who has not come back within the grace.
    lately = re.compile("Last seen (this minute|1 minute ago)")
    await b.page.context.close()
    await expect(line).to_contain_text(lately, timeout=60_000)
    await expect(card.get_by_text(lately)).to_be_visible()
    await a.open_chat("Bob")
    await expect(card.locator("header").get_by_text(lately)).to_be_visible()

    # A page that asks anew is told the same.
    async def is_noted() -> bool:
        return "lastSeenAt" in await friend_of(ann, bob)

    await eventually(is_noted)
    await a.go("Friends")
    async with a.page.expect_response(re.compile(r"/api/social/friends(\?|$)")):
        await a.page.reload()
    await a.is_online()
    await expect(line).to_contain_text(lately)

    await connect(bob, gateways[0])
    await expect(line).to_contain_text("Online")
    await expect(line).not_to_contain_text("Last seen")
