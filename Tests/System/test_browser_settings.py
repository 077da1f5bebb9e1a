"""What people set: themselves, whom they know, their groups; and that everything said is found again."""

import re
from pathlib import Path

import pytest
from playwright.async_api import expect

from conftest import Arrive, Meet, Register
from images import png
from teahouse import Person, eventually

pytestmark = pytest.mark.timeout(240)


async def test_a_person_sets_their_profile_password_and_sessions(
    arrive: Arrive, edge: str, register: Register, screens: Path
) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    visitor = await arrive(ann)
    page = visitor.page
    await visitor.go("Me")
    await page.get_by_label("Nickname").fill("Ann of the <b>tea</b> 茶")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".profile-name")).to_have_text("Ann of the <b>tea</b> 茶")

    # A picture, cut to a square.
    await page.locator('[data-pick="avatar"]').set_input_files(
        {"name": "garden.png", "mimeType": "image/png", "buffer": png(640, 400)})
    await page.get_by_label("Zoom").fill("2")
    await page.screenshot(path=screens / "crop.png")
    await page.get_by_role("dialog").get_by_role("button", name="Save").click()
    picture = page.locator(".avatar-picker img")
    assert await eventually(lambda: picture.evaluate("image => image.naturalWidth === 512 && image.naturalHeight === 512"))
    profile = await bob.call("GET", f"/api/auth/users/{ann.id}")
    assert profile["nickname"] == "Ann of the <b>tea</b> 茶" and profile["avatar"]

    # No script can read the token.
    assert "token" not in await page.evaluate("document.cookie + JSON.stringify(localStorage)")
    cookies = await page.context.cookies()
    assert [(c["httpOnly"], c["sameSite"]) for c in cookies if c["name"] == "token"] == [(True, "Strict")]

    # The other session (that of the registration) is ended.
    await expect(page.get_by_role("button", name="End session")).to_have_count(1)
    await page.get_by_role("button", name="End session").click()
    await expect(page.get_by_role("button", name="End session")).to_have_count(0)

    await page.get_by_label("Current password").fill("not this one")
    await page.get_by_label("New password").fill("a new password of ann")
    await page.get_by_role("button", name="Change password").click()
    await expect(page.get_by_text("The current password is wrong.")).to_be_visible()
    await page.get_by_label("Current password").fill(ann.password)
    await page.get_by_role("button", name="Change password").click()
    await expect(page.get_by_text("Password changed.")).to_be_visible()
    await page.screenshot(path=screens / "settings.png", full_page=True)
    async with Person.anonymous(edge) as person:
        await person.call(
            "POST", "/api/auth/login", json={"username": ann.username, "password": "a new password of ann"})

    # The theme stays after a reload, from before the first paint.
    await page.get_by_role("group", name="Theme").get_by_role("button", name="Dark").click()
    await page.reload()
    assert await page.evaluate("document.documentElement.dataset.theme") == "dark"


async def test_friends_and_groups_are_set(arrive: Arrive, register: Register, screens: Path) -> None:
    ann, bob, cat = await register("ann"), await register("bob"), await register("cat")
    for other in (bob, cat):
        await ann.befriend(other)
    room = await ann.group("Tea", bob, cat)
    visitor = await arrive(ann)
    page = visitor.page

    await page.goto(f"/friends/{bob.id}")
    await page.get_by_label("Remark").fill("老鲍 from school")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="老鲍 from school").first).to_be_visible()
    await page.get_by_role("button", name="Block", exact=True).click()
    await page.get_by_role("dialog").get_by_role("button", name="Block", exact=True).click()
    await visitor.go("Me")
    await page.get_by_role("button", name="Unblock").click()
    await expect(page.get_by_text("Nobody is blocked.")).to_be_visible()

    await page.goto(f"/chatrooms/{room}")
    await page.get_by_role("button", name="Details").click()
    details = page.get_by_label("Details")
    await details.get_by_label("Group name").fill("Tea at four")
    await details.get_by_label("Announcement").fill("Bring cups")
    await details.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", name="Tea at four")).to_be_visible()
    await details.get_by_label("Pin to top").check()
    await details.get_by_label("Notifications").select_option("mentions")
    cat_row = details.locator("li", has_text="Cat")
    await cat_row.get_by_role("button", name="Actions for").click()
    await page.get_by_role("menuitem", name="Make admin").click()
    await expect(cat_row.get_by_text("Admin")).to_be_visible()
    bob_row = details.locator("li", has_text="Bob")
    await bob_row.get_by_role("button", name="Actions for").click()
    await page.get_by_role("menuitem", name="Mute for an hour").click()
    await expect(bob_row.get_by_text("Muted")).to_be_visible()
    await page.screenshot(path=screens / "group-settings.png")
    mine = await ann.call("GET", f"/api/social/chatrooms/{room}")
    assert (mine["name"], mine["announcement"]) == ("Tea at four", "Bring cups")
    assert (mine["settings"]["pinned"], mine["settings"]["notify"]) == (True, "mentions")
    await cat_row.get_by_role("button", name="Actions for").click()
    await page.get_by_role("menuitem", name="Make owner").click()
    await page.get_by_role("dialog").get_by_role("button", name="Make owner").click()
    await expect(details.get_by_role("button", name="Leave group")).to_be_visible()
    await details.get_by_role("button", name="Leave group").click()
    await page.get_by_role("dialog").get_by_role("button", name="Leave group").click()
    await expect(page.get_by_role("region", name="Chats").locator(".row-name", has_text="Tea at four")).to_have_count(0)


async def test_what_was_said_long_ago_is_found_and_gone_to(meet: Meet, arrive: Arrive, screens: Path) -> None:
    """The log on the page begins far below; from the message found one reads on until the newest."""
    talk = await meet()
    ann, bob, room, friend = talk.ann, talk.bob, talk.room, talk.friend
    needle = await friend.send(room, "the needle 针 in the hay")
    await friend.say_many(room, 320)
    visitor = await arrive(ann)
    page = visitor.page
    await visitor.open_chat("Bob")
    await expect(page.locator('[data-seq="321"]')).to_be_in_viewport()
    await page.get_by_role("button", name="Search in this chat").click()
    await page.get_by_label("Search all messages").fill("NEEDLE")
    found = page.locator(".found .row")
    await expect(found).to_have_count(1)
    await expect(found.locator("mark")).to_have_text("needle")
    await page.get_by_label("Type").select_option("file")
    await expect(page.get_by_text("Nothing found")).to_be_visible()
    await page.get_by_label("Type").select_option("text")
    await found.click()
    row = page.locator(f'[data-seq="{needle["seq"]}"]')
    await expect(row).to_be_in_viewport()
    await page.screenshot(path=screens / "found.png")

    # Down again, page by page, until both parts have grown together; never more on the page than its size.
    async def at_the_newest() -> bool:
        await page.get_by_role("log").evaluate("log => { log.scrollTop = log.scrollHeight }")
        assert await page.locator("[data-seq]").count() <= 200
        seqs = await visitor.seqs()
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        return seqs[-1] == 321

    await eventually(at_the_newest)
    # Up and down again before anything is drawn, as on a busy machine: the second move knows of the first.
    await page.get_by_role("log").evaluate("""async (log) => {
        const silence = (event) => event.isTrusted && event.stopImmediatePropagation()
        window.addEventListener("scroll", silence, true)
        for (const above of [400, 0]) {
            log.scrollTop = log.scrollHeight - log.clientHeight - above
            log.dispatchEvent(new Event("scroll"))
        }
        for (let frame = 0; frame < 3; frame++) await new Promise(requestAnimationFrame)
        window.removeEventListener("scroll", silence, true)
    }""")
    await friend.say(room, "news")
    await visitor.is_stored("news")

    # Far away again, news are counted, and one click leads to them.
    await page.get_by_role("log").evaluate("log => { log.scrollTop = 0 }")
    await expect(page.get_by_role("button", name="Jump to the latest message")).to_be_visible()
    await friend.say(room, "more news")
    await page.get_by_role("button", name="Jump to the latest message").click()
    await expect(page.locator("[data-seq]", has_text="more news")).to_be_in_viewport()


async def test_the_client_opens_without_a_network_and_calls_one_back(meet: Meet, arrive: Arrive) -> None:
    talk = await meet()
    ann, bob, room, friend = talk.ann, talk.bob, talk.room, talk.friend
    await friend.say(room, "before the tunnel")
    visitor = await arrive(ann, service_workers="allow", permissions=["notifications"])
    page = visitor.page
    await visitor.open_chat("Bob")
    await visitor.is_stored("before the tunnel")
    await page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    assert await eventually(lambda: page.evaluate("navigator.serviceWorker.controller !== null"))

    # Hidden, the page tells of what comes; headless browsers hide no page, so it is told that it is.
    await page.evaluate("Object.defineProperty(document, 'visibilityState', { get: () => 'hidden' })")
    await friend.say(room, "are you there?")

    async def told() -> list[list[str]]:
        return await page.evaluate("""async () => (await (await navigator.serviceWorker.ready).getNotifications())
            .map(({ title, body }) => [title, body])""")

    assert await eventually(told) == [["Bob", "are you there?"]]
    await expect(page).to_have_title(re.compile(r"^\(1\)"))

    await visitor.has_kept("are you there?")
    await page.context.set_offline(True)
    await page.reload()
    await visitor.is_stored("before the tunnel")
    await visitor.say("from the tunnel")
    await expect(page.locator('[data-state="waiting"]')).to_have_count(1)
    await page.context.set_offline(False)
    await visitor.is_stored("from the tunnel")
