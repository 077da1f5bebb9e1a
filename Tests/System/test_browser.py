"""The story in real browsers: two people who meet, talk, and find everything again."""

import asyncio
import re
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from conftest import Arrive, Connect, Meet, Register
from images import png
from teahouse import eventually, in_order
from visitor import PASSWORD, befriend, befriend_over_rest, part

pytestmark = pytest.mark.timeout(240)


async def test_two_people_meet_and_talk(
    arrive: Arrive, edge: str, gateways: list[str], register: Register, connect: Connect, screens: Path
) -> None:
    ann, bob = await arrive("ann"), await arrive("bob")
    await ann.page.goto("/")
    await ann.page.screenshot(path=screens / "sign-in.png")
    await asyncio.gather(ann.register(), bob.register())
    await ann.page.screenshot(path=screens / "first-time.png")

    await part(ann, bob)

    # They become friends.
    await befriend(ann, bob)
    await bob.page.screenshot(path=screens / "requests.png")
    await ann.go("Friends")
    await ann.friend("Bob").click()
    await ann.page.screenshot(path=screens / "friend.png")
    await ann.page.get_by_role("button", name="Message", exact=True).click()

    # They talk, both ways.
    await ann.say("你好，Bob! Tea at four? 🍵")
    await ann.is_stored("Tea at four?")
    await bob.open_chat("Ann")
    await bob.sees("Tea at four?")
    await bob.say("With pleasure. See https://example.org/tea for the place.")
    await ann.sees("With pleasure.")
    await expect(ann.page.get_by_role("link", name="https://example.org/tea")).to_have_attribute(
        "href", "https://example.org/tea")
    await ann.page.get_by_label("Emoji").click()
    await ann.page.screenshot(path=screens / "emoji.png")
    await ann.page.get_by_role("button", name="🫖").click()
    await ann.page.keyboard.press("Escape")
    await ann.page.get_by_label("Write a message").press("Enter")
    await bob.sees("🫖")

    # Nothing of a message is markup.
    await bob.say("<img src=x onerror=alert(1)><b>bold?</b>")
    await ann.sees("<img src=x onerror=alert(1)><b>bold?</b>")

    # An image and a file.
    await ann.page.locator('[data-pick="image"]').set_input_files(
        {"name": "garden.png", "mimeType": "image/png", "buffer": png(320, 200)})
    await ann.say("")
    picture = bob.page.get_by_role("log").get_by_role("img", name="Image garden.png")
    await expect(picture).to_be_visible()
    assert await eventually(lambda: picture.evaluate("image => image.naturalWidth > 0"))
    await bob.page.locator('[data-pick="file"]').set_input_files(
        {"name": "菜单 menu.txt", "mimeType": "text/plain", "buffer": "龙井 longjing\n".encode()})
    await bob.say("")
    card = ann.page.get_by_role("log").get_by_role("button", name="菜单 menu.txt")
    await expect(card).to_be_visible()
    async with ann.page.expect_download() as started:
        await card.click()
    download = await started.value
    assert download.suggested_filename == "菜单 menu.txt"
    assert (await download.path()).read_text() == "龙井 longjing\n"

    # A group of three, the third with another client on a Gateway of its own.
    cat = await register("cat")
    await befriend_over_rest(ann, edge, cat)
    third = await connect(cat, gateways[1])
    await ann.go("Chats")
    await ann.page.get_by_role("button", name="New group").click()
    await ann.page.get_by_label("Group name").fill("Three for tea")
    for name in ("Bob", "Cat"):
        await ann.page.get_by_role("dialog").locator("label", has_text=name).click()
    await ann.page.screenshot(path=screens / "new-group.png")
    await ann.page.get_by_role("button", name="Create").click()
    await ann.say("Welcome, both of you")
    await third.until(lambda: any(m["content"] == "Welcome, both of you" for m in third.told("message")))
    group = next(m["chatroomId"] for m in third.told("message"))
    await third.say(group, "Hello from a third client")
    await bob.open_chat("Three for tea")
    await bob.sees("Welcome, both of you")
    await bob.sees("Hello from a third client")
    await ann.sees("Hello from a third client")
    await ann.page.get_by_role("button", name="Details").click()
    await expect(ann.page.get_by_label("Details").get_by_text("Cat", exact=True)).to_be_visible()
    await ann.page.screenshot(path=screens / "group.png")
    await ann.page.keyboard.press("Escape")

    # A double click makes a favorite.
    await ann.bubble("Hello from a third client").dblclick()
    await expect(ann.page.get_by_text("Added to favorites")).to_be_visible()
    await ann.open_chat("Bob")
    await ann.bubble("With pleasure.").locator(".meta").dblclick()
    await expect(ann.page.get_by_text("Added to favorites").first).to_be_visible()
    await ann.go("Favorites")
    await expect(ann.page.locator(".favorite-card")).to_have_count(2)
    await ann.page.screenshot(path=screens / "favorites.png")

    # A reload finds everything.
    await ann.page.reload()
    await ann.is_online()
    await expect(ann.page.locator(".favorite-card")).to_have_count(2)
    await ann.open_chat("Bob")
    for text in ("Tea at four?", "With pleasure.", "🫖", "<b>bold?</b>"):
        await ann.is_stored(text)
    await expect(ann.page.get_by_role("log").get_by_role("img", name="Image garden.png")).to_be_visible()
    await expect(ann.page.get_by_role("log").get_by_role("button", name="菜单 menu.txt")).to_be_visible()
    await ann.page.screenshot(path=screens / "chat.png")
    await ann.open_chat("Three for tea")
    await ann.is_stored("Hello from a third client")

    # Out and in again.
    await ann.go("Me")
    await ann.page.screenshot(path=screens / "me.png")
    await ann.page.get_by_role("button", name="Sign out").click()
    await ann.page.get_by_label("Username", exact=True).fill(ann.username)
    await ann.page.get_by_label("Password", exact=True).fill("not the password")
    await ann.page.get_by_role("button", name="Sign in").click()
    await expect(ann.page.get_by_role("alert")).to_have_text("Wrong username or password.")
    await ann.page.get_by_label("Password", exact=True).fill(PASSWORD)
    await ann.page.get_by_role("button", name="Sign in").click()
    await ann.is_online()
    await ann.open_chat("Three for tea")
    await ann.sees("Welcome, both of you")


async def test_what_is_written_offline_is_sent_once_later(meet: Meet, arrive: Arrive, screens: Path) -> None:
    """Also when the page is reloaded in the middle of a send."""
    talk = await meet()
    ann, bob, room, friend = talk.ann, talk.bob, talk.room, talk.friend
    visitor = await arrive(ann)
    await visitor.open_chat("Bob")
    await visitor.say("before")
    await visitor.is_stored("before")

    await visitor.page.context.set_offline(True)
    await visitor.say("written offline")
    await visitor.say("and another")
    pending = visitor.page.locator('[data-state="waiting"]')
    await expect(pending.or_(visitor.page.locator('[data-state="sending"]'))).to_have_count(2)
    await visitor.page.screenshot(path=screens / "offline.png")
    await friend.say(room, "said meanwhile")
    await visitor.page.context.set_offline(False)
    for text in ("written offline", "and another", "said meanwhile"):
        await expect(visitor.page.locator("[data-seq]", has_text=text)).to_have_count(1, timeout=40_000)
    await visitor.page.reload()
    await visitor.is_online()
    for text in ("written offline", "and another", "said meanwhile"):
        await visitor.is_stored(text)

    # A reload right after Enter.
    await visitor.page.get_by_label("Write a message").fill("sent and reloaded")
    await asyncio.gather(visitor.page.keyboard.press("Enter"), visitor.page.reload())
    await visitor.is_online()
    await visitor.is_stored("sent and reloaded")
    await friend.until(lambda: any(m["content"] == "sent and reloaded" for m in friend.messages(room)))
    page = await bob.page(room)
    texts = [message["content"] for message in page["messages"]]
    assert sorted(texts) == sorted(["before", "written offline", "and another", "said meanwhile", "sent and reloaded"])
    assert await visitor.seqs() == sorted(message["seq"] for message in page["messages"])


async def test_a_file_whose_upload_was_cut_off_by_a_reload_is_still_sent(meet: Meet, arrive: Arrive) -> None:
    talk = await meet()
    visitor = await arrive(talk.ann)
    await visitor.open_chat("Bob")
    await visitor.page.route("**/api/media/uploads?*", lambda route: route.abort())
    await visitor.page.locator('[data-pick="image"]').set_input_files(
        {"name": "late.png", "mimeType": "image/png", "buffer": png(120, 90)})
    await visitor.say("")
    await expect(visitor.page.locator('[data-state="uploading"] img')).to_be_visible()
    await visitor.page.unroute("**/api/media/uploads?*")
    await visitor.page.reload()
    await expect(visitor.page.locator("[data-seq]").get_by_role("img", name="Image late.png")).to_be_visible()
    await expect(visitor.page.locator("[data-state]")).to_have_count(0)
    messages = (await talk.bob.page(talk.room))["messages"]
    assert [(message["type"], message["media"]["name"]) for message in messages] == [("image", "late.png")]


async def test_who_comes_back_far_behind_starts_anew_from_the_newest_page(meet: Meet, arrive: Arrive) -> None:
    """More than the thousand entries that are replayed have come meanwhile."""
    talk = await meet()
    ann, bob, room, friend = talk.ann, talk.bob, talk.room, talk.friend
    await friend.say(room, "the first")
    visitor = await arrive(ann)
    await visitor.open_chat("Bob")
    await visitor.is_stored("the first")
    await visitor.page.context.set_offline(True)
    await visitor.say("from far behind")
    await friend.say_many(room, 1_050)
    await visitor.page.context.set_offline(False)
    await expect(visitor.page.locator("[data-seq]", has_text="from far behind")).to_have_count(1, timeout=40_000)
    await expect(visitor.page.locator('[data-seq="1051"]')).to_have_count(1)
    seqs = await visitor.seqs()
    in_order(seqs, first=seqs[0])
    assert (seqs[0] > 1, seqs[-1]) == (True, 1_052)
    await friend.say(room, "live again")
    await visitor.is_stored("live again")
    await visitor.page.get_by_role("log").evaluate("log => { log.scrollTop = 0 }")
    await expect(visitor.page.locator(f'[data-seq="{seqs[0] - 1}"]')).to_be_attached()
    in_order(await visitor.seqs(), first=(await visitor.seqs())[0])


async def test_scrolling_up_brings_older_messages_and_moves_nothing(meet: Meet, arrive: Arrive) -> None:
    talk = await meet()
    ann, bob, room, friend = talk.ann, talk.bob, talk.room, talk.friend
    await friend.say_many(room, 180)
    visitor = await arrive(ann)
    await expect(visitor.page.get_by_role("region", name="Chats").locator(".badge")).to_have_text("99+")
    await visitor.open_chat("Bob")
    await expect(visitor.page.locator('[data-seq="180"]')).to_be_in_viewport()
    await expect(visitor.page.get_by_role("region", name="Chats").locator(".badge")).to_have_count(0)

    log = visitor.page.get_by_role("log")
    first = (await visitor.seqs())[0]
    anchor = visitor.page.locator(f'[data-seq="{first + 3}"]')
    may_come = asyncio.Event()

    async def slowly(route: Route) -> None:
        await may_come.wait()
        await route.continue_()

    async def stands() -> float:
        return await anchor.evaluate("row => row.getBoundingClientRect().top")

    # Scroll to where the anchor is at the top, note where it stands, and let older ones come, slowly.
    await visitor.page.route(re.compile(r"/messages\?.*before="), slowly)
    await anchor.evaluate("row => row.scrollIntoView({ block: 'start' })")
    before = await stands()
    await expect(log.get_by_role("status")).to_be_in_viewport()
    assert abs(await stands() - before) < 3, (before, await stands())
    may_come.set()
    await expect(visitor.page.locator(f'[data-seq="{first - 1}"]')).to_be_attached()
    await expect(log.get_by_role("status")).to_have_count(0)
    assert abs(await stands() - before) < 3, (before, await stands())

    async def at_the_start() -> bool:
        await log.evaluate("log => { log.scrollTop = 0 }")
        return await visitor.page.get_by_text("The beginning of this chat").count() == 1

    await eventually(at_the_start)
    assert await visitor.seqs() == list(range(1, 181))


async def test_a_phone_in_chinese_and_in_the_dark(meet: Meet, arrive: Arrive, screens: Path) -> None:
    talk = await meet()
    ann, bob, room, friend = talk.ann, talk.bob, talk.room, talk.friend
    await friend.say(room, "晚上好！今天的茶很香。")
    visitor = await arrive(
        "ann", viewport={"width": 390, "height": 780}, locale="zh-CN", color_scheme="dark",
        has_touch=True)
    page = visitor.page
    await page.goto("/")
    await expect(page.get_by_role("heading", name="茶馆")).to_be_visible()
    await page.screenshot(path=screens / "phone-sign-in.png")
    await page.get_by_label("用户名").fill(ann.username)
    await page.get_by_label("密码").fill(ann.password)
    await page.get_by_role("button", name="登录").click()
    row = page.get_by_role("region", name="聊天").locator(".row", has_text="Bob")
    await expect(row.locator(".badge")).to_have_text("1")
    await page.screenshot(path=screens / "phone-chats.png")
    await row.click()
    await visitor.sees("晚上好！今天的茶很香。")
    await page.get_by_label("输入消息").fill("是啊，明天还来。")
    await page.get_by_role("button", name="发送", exact=True).click()
    await visitor.is_stored("是啊，明天还来。")
    await page.screenshot(path=screens / "phone-chat.png")
    # No sideways scrolling at this width.
    assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    await page.get_by_role("button", name="返回").click()
    await expect(page.get_by_role("navigation")).to_be_visible()


async def test_a_page_without_network_shows_what_the_last_one_knew(meet: Meet, arrive: Arrive) -> None:
    """Chat list and messages are there before any service answers, and the log goes on where it was."""
    talk = await meet()
    ann, bob, room, friend = talk.ann, talk.bob, talk.room, talk.friend
    await friend.say(room, "kept for later")
    visitor = await arrive(ann)
    await visitor.open_chat("Bob")
    await visitor.is_stored("kept for later")

    await visitor.has_kept("kept for later")
    # The services are gone, also for the socket; the page itself comes from the edge.
    await visitor.page.route(re.compile(r"/(api|socket\.io)/"), lambda route: route.abort())
    await visitor.page.route_web_socket(re.compile(r"/socket\.io/"), lambda socket: socket.close())
    await visitor.page.reload()
    await visitor.is_stored("kept for later")
    await expect(visitor.page.get_by_role("region", name="Chats").locator(".row", has_text="Bob")).to_be_visible()
    await visitor.say("while away")
    await expect(visitor.page.locator('[data-state="waiting"]')).to_have_count(1)
    await friend.say(room, "said meanwhile")
    await visitor.page.reload()
    await expect(visitor.page.locator('[data-state="waiting"]', has_text="while away")).to_have_count(1)
    await visitor.page.unroute_all()
    await visitor.page.reload()
    for text in ("kept for later", "said meanwhile", "while away"):
        await visitor.is_stored(text)
    assert [message["content"] for message in (await bob.page(room))["messages"]] == [
        "kept for later", "said meanwhile", "while away"]
