"""Pictures of every page in both themes, both languages, wide and on a phone, for somebody to look at.

deploy/run --throwaway -- .local/venv/bin/python Tests/System/screens.py [FOLDER]
"""

import asyncio
import os
import sys
from pathlib import Path

from playwright.async_api import Page, async_playwright, expect

from conftest import launch
from images import png
from teahouse import Person, SocketClient
from visitor import Visitor, sign_in

LOOKS = [
    (scheme, locale, width) for scheme in ("light", "dark") for locale in ("en-GB", "zh-CN") for width in (1280, 390)
]
LONG = "一个名字很长很长的茶话会 with an uncommonly long na"


class House:
    """People, chats and what was said in them."""

    async def build(self, edge: str) -> None:
        self.ann = await Person.register(edge, "ann")
        self.others = [await Person.register(edge, name) for name in ("bob", "cat", "dan", "eve")]
        bob, cat, dan, eve = self.others
        for person, name in ((self.ann, "Ann"), (bob, "Bob Alexander"), (cat, "小梅"), (dan, "Dan"), (eve, "Eve of the long name 欧阳修")):
            await person.call("PATCH", "/api/auth/me", json={"nickname": name})
        for other in (bob, cat):
            await self.ann.befriend(other)
        await self.ann.call("PATCH", f"/api/social/friends/{cat.id}", json={"remark": "梅梅 (tea house)"})
        await dan.call("POST", "/api/social/friend-requests", json={
            "userId": self.ann.id, "reason": "我们在茶会上见过，一起喝茶吗？ We met at the tea ceremony."}, expect=201)
        await self.ann.call("POST", "/api/social/friend-requests", json={"userId": eve.id}, expect=201)
        self.direct, self.group = await self.ann.direct(bob), await self.ann.group(LONG, bob, cat)
        self.quiet = await self.ann.direct(cat)
        await self.ann.call("PATCH", f"/api/social/chatrooms/{self.group}", json={
            "announcement": "周六下午四点在老地方见，请自带茶杯。Saturday at four, at the usual place; bring your own cup.",
            "joinApproval": True})
        await self.ann.call("PATCH", f"/api/social/chatrooms/{self.group}/settings", json={"pinned": True})
        await self.ann.call("PATCH", f"/api/social/chatrooms/{self.quiet}/settings", json={"notify": "none"})
        invite = await self.ann.call("POST", f"/api/social/chatrooms/{self.group}/invites", json={}, expect=201)
        self.code = invite["code"]
        await dan.call("POST", f"/api/social/invites/{self.code}", expect=202)
        async with asyncio.TaskGroup() as tasks:
            sockets = [SocketClient(person, edge) for person in (self.ann, bob, cat)]
            for socket in sockets:
                tasks.create_task(socket.open())
        a, b, c = sockets
        first = await b.say(self.direct, "Have you tried the new oolong? https://example.org/tea/oolong/a-rather-long-address-that-goes-on")
        await a.say(self.direct, "Not yet — is it the one from 武夷山?", replyTo=first["seq"])
        await b.say(self.direct, "岩茶，焙火很轻，回甘明显。明天带一些给你。")
        await a.say(self.direct, "🍵")
        for name, size in (("garden.png", (900, 600)), ("tall.png", (300, 800))):
            image = await self.ann.call("POST", "/api/media/uploads", params={"name": name, "chatroomId": self.direct},
                                        data=png(*size), headers={"content-type": "image/png"}, expect=201)
            await a.io.call("sendMessage", {"chatroomId": self.direct, "clientId": os.urandom(16).hex()[:8] + "-0000-4000-8000-" + os.urandom(6).hex(),
                            "message": {"type": "image", "content": "The garden" if size[0] > 500 else "", "mediaId": image["id"]}})
        file = await bob.call("POST", "/api/media/uploads", params={
            "name": "菜单 with a very long file name that has to be cut somewhere.pdf", "chatroomId": self.direct},
            data=b"%PDF-1.4 menu", headers={"content-type": "application/pdf"}, expect=201)
        await b.send(self.direct, "", type="file", mediaId=file["id"])
        said = await b.say(self.direct, "See you at four then")
        self.said = said
        await self.ann.call("PUT", f"/api/history/chatrooms/{self.direct}/messages/{said['seq']}/reactions/👍")
        await bob.call("PUT", f"/api/history/chatrooms/{self.direct}/messages/{said['seq']}/reactions/🍵")
        await self.ann.call("POST", "/api/history/favorites", json={"messageId": first["id"]}, expect=201)
        await self.ann.call("POST", "/api/history/favorites", json={"messageId": said["id"]}, expect=201)
        for text in ("大家周六都来吗？", "Count me in", "我带茶点 🥮"):
            await c.say(self.group, text)
        await b.say(self.group, "@Ann are you coming?", mentions=[self.ann.id])
        await c.say(self.quiet, "在吗？")
        for socket in sockets:
            await socket.close()


async def look(page: Page, folder: Path, prefix: str, house: House) -> None:
    async def shot(name: str) -> None:
        await page.evaluate("document.fonts.ready")
        await page.wait_for_timeout(250)
        await page.screenshot(path=folder / f"{prefix}-{name}.png")
        if await page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            print(f"{prefix}-{name}: wider than the window")

    async def go(name: str, path: str) -> None:
        await page.goto(path)
        await page.locator('[data-connection="online"]').wait_for(state="attached")
        await expect(page.locator(".spinner")).to_have_count(0)
        await shot(name)

    await go("chats", "/")
    await go("chat", f"/chatrooms/{house.direct}")
    await page.locator(".message").last.click(button="right", position={"x": 60, "y": 20})
    await shot("menu")
    await page.keyboard.press("Escape")
    await page.locator('[data-pick="image"]').set_input_files([
        {"name": "cup.png", "mimeType": "image/png", "buffer": png(320, 200)},
        {"name": "a file with a long name indeed, more than fits.txt", "mimeType": "text/plain", "buffer": b"tea"}])
    await shot("tray")
    await page.locator(".emoji-toggle").click()
    await page.locator(".emoji-grid button").first.wait_for()
    await shot("emoji")
    await page.keyboard.press("Escape")
    await page.locator(".picture").first.click()
    await page.locator(".viewer img").wait_for()
    await shot("viewer")
    await page.keyboard.press("Escape")
    await page.locator(".message-other .avatar-button").last.click()
    await shot("person")
    await page.keyboard.press("Escape")
    await page.locator(".day button").first.click()
    await shot("date")
    await page.keyboard.press("Escape")
    await go("group", f"/chatrooms/{house.group}")
    await page.locator(".chatroom-title + .icon-button + .icon-button").click()
    await page.locator(".details .tag").first.wait_for()
    await shot("details")
    await page.locator(".details .scroll").evaluate("box => { box.scrollTop = box.scrollHeight }")
    await shot("details-end")
    await page.locator(".details .row .avatar-icon").nth(1).click()
    await page.locator("dialog .button-primary").click()
    await page.locator(".invite-link").wait_for()
    await shot("invite-link")
    await page.keyboard.press("Escape")
    await go("friends", "/friends")
    await go("friend", f"/friends/{house.others[0].id}")
    await go("requests", "/friends/requests")
    await go("add", "/friends/add")
    await page.locator("main .search-field input").fill(house.others[3].username[:3])
    await page.locator(".person-card").first.wait_for()
    await shot("found-people")
    await go("favorites", "/favorites")
    await go("search", "/search")
    await page.locator("main .search-field input").fill("tea")
    await page.locator("mark").first.wait_for()
    await shot("searched")
    await go("invite", f"/invite/{house.code}")
    await go("gone", "/chatrooms/999999")
    await go("me", "/me")
    for part in (1, 2, 3):
        await page.locator(".page").evaluate("(box, part) => { box.scrollTop = part * box.clientHeight * .92 }", part)
        await shot(f"me-{part}")
    await page.keyboard.press("Control+k")
    await page.locator(".switcher").wait_for()
    await shot("switcher")
    await page.keyboard.press("Escape")
    await page.keyboard.press("Control+/")
    await page.locator(".shortcuts").wait_for()
    await shot("shortcuts")


async def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else ".local/screens")
    folder.mkdir(parents=True, exist_ok=True)
    edge = os.environ["TEAHOUSE_EDGE"]
    house = House()
    await house.build(edge)
    async with async_playwright() as playwright:
        browser = await launch(playwright)
        for scheme, locale, width in LOOKS:
            prefix = f"{'wide' if width > 720 else 'phone'}-{scheme}-{locale[:2]}"
            visitor = await Visitor.arrive(
                browser, edge, "ann", color_scheme=scheme, viewport={"width": width, "height": 800}, locale="en-GB")
            await visitor.page.goto("/register")
            await visitor.page.evaluate("language => localStorage.setItem('teahouse.language', language)", locale[:2])
            await visitor.page.reload()
            await visitor.page.screenshot(path=folder / f"{prefix}-register.png")
            await visitor.page.goto("/forgot")
            await visitor.page.screenshot(path=folder / f"{prefix}-forgot.png")
            await visitor.page.evaluate("localStorage.setItem('teahouse.language', 'en')")
            await sign_in(visitor, house.ann)
            await visitor.page.evaluate("language => localStorage.setItem('teahouse.language', language)", locale[:2])
            await look(visitor.page, folder, prefix, house)
            print(prefix, *visitor.problems, flush=True)
            await visitor.page.context.close()
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
