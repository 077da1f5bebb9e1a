"""Scripts that somebody has left where others read are text there, and nothing else."""

import pytest
from playwright.async_api import expect

from conftest import Arrive, Connect, Register

pytestmark = pytest.mark.timeout(240)

SCRIPT = '<img src=x onerror="window.hit=1">'
OTHERS = ["<script>window.hit=1</script>", "javascript:window.hit=1", '"><svg onload=window.hit=1>', "{{7*7}}${7*7}"]


async def test_stored_scripts_are_shown_as_text(
    arrive: Arrive, register: Register, connect: Connect, edge: str
) -> None:
    ann, bob, mallory = [await register(name) for name in ("ann", "bob", "mallory")]
    for person in (bob, mallory):
        await person.call("PATCH", "/api/auth/me", json={"nickname": SCRIPT, "bio": SCRIPT})
    await ann.befriend(bob)
    await ann.call("PATCH", f"/api/social/friends/{bob.id}", json={"remark": f"remark {SCRIPT}"[:50]})
    await mallory.call("POST", "/api/social/friend-requests", json={"userId": ann.id, "reason": f"reason {SCRIPT}"}, expect=201)
    room = await bob.group(f"room {SCRIPT}"[:50], ann)
    await bob.call("PATCH", f"/api/social/chatrooms/{room}", json={"announcement": f"announcement {SCRIPT}"})
    client = await connect(bob, edge)
    for text in (SCRIPT, *OTHERS):
        await client.say(room, f"message {text}")
    first = await client.say(room, f"answered {SCRIPT}")
    await client.say(room, "an answer", replyTo=first["seq"])
    file = await bob.call(
        "POST", "/api/media/uploads", params={"name": f"file {SCRIPT}.txt", "chatroomId": room}, data=b"tea",
        headers={"content-type": "text/plain"}, expect=201)
    await client.say(room, f"caption {SCRIPT}", type="file", mediaId=file["id"])
    await ann.call("POST", "/api/history/favorites", json={"messageId": first["id"]}, expect=201)

    visitor = await arrive(ann)
    page = visitor.page
    dialogs: list[str] = []
    page.on("dialog", lambda dialog: dialogs.append(dialog.message))

    async def shows(*texts: str) -> None:
        for text in texts:
            await expect(page.get_by_text(text).first).to_be_visible()
        assert await page.evaluate("window.hit === undefined && document.querySelector('img[src=x], svg[onload]') === null")

    await shows(f"room {SCRIPT}"[:50], f"{SCRIPT}: [File] file {SCRIPT}.txt")
    await page.goto("/friends")
    await shows(f"remark {SCRIPT}"[:50])
    await page.goto("/friends/requests")
    await shows(f"reason {SCRIPT}", SCRIPT)
    await page.goto(f"/friends/{bob.id}")
    await shows(f"remark {SCRIPT}"[:50])
    await page.goto(f"/chatrooms/{room}")
    await visitor.is_stored("an answer")
    await shows(f"announcement {SCRIPT}", f"caption {SCRIPT}", f"file {SCRIPT}.txt", *(f"message {text}" for text in OTHERS))
    # What is no web address is no link.
    assert await page.locator('a[href^="javascript"]').count() == 0
    await page.get_by_role("button", name="Details").click()
    await shows(SCRIPT)
    await page.locator(".avatar-button").first.click()
    await expect(page.get_by_role("dialog").get_by_text(SCRIPT).or_(page.get_by_role("dialog").get_by_text("remark"))).to_be_visible()
    await shows()
    await page.goto("/favorites")
    await shows(f"answered {SCRIPT}")
    await page.goto("/search")
    await page.get_by_label("Search all messages").fill("onerror")
    await expect(page.locator("mark").first).to_be_visible()
    await shows()
    assert dialogs == []
