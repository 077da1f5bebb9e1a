"""Somebody in front of a browser, and what they do there."""

import re
import uuid

from playwright.async_api import Browser, BrowserContext, Locator, Page, expect

from teahouse import Person, eventually

expect.set_options(timeout=15_000)

PASSWORD = "correct horse battery"


class Visitor:
    """Somebody in front of a browser."""

    def __init__(self, name: str, page: Page, problems: list[str]) -> None:
        self.nickname = name.capitalize()
        self.username = f"{name}-{uuid.uuid4().hex[:8]}"
        self.page = page
        self.problems = problems

    @staticmethod
    async def arrive(browser: Browser, edge: str, name: str, **options: object) -> "Visitor":
        # Routes of a test see only what no service worker answers.
        options = {
            "base_url": edge, "service_workers": "block", "viewport": {"width": 1180, "height": 760}, "locale": "en-GB",
            **options}
        context: BrowserContext = await browser.new_context(**options)
        page = await context.new_page()
        problems: list[str] = []
        page.on("pageerror", lambda error: problems.append(f"{name}: {error}"))
        page.on(
            "console",
            lambda line: problems.append(f"{name}: {line.text}")
            if re.search(r"Content.Security|Refused to|Warning:|Error:", line.text) else None,
        )
        return Visitor(name, page, problems)

    async def register(self) -> None:
        await self.page.goto("/register")
        await self.page.get_by_label("Username", exact=True).fill(self.username)
        await self.page.get_by_label("Nickname (optional)").fill(self.nickname)
        await self.page.get_by_label("Password", exact=True).fill(PASSWORD)
        await self.page.get_by_label("Password again").fill(PASSWORD)
        await self.page.get_by_role("button", name="Create account").click()
        await self.is_online()

    async def is_online(self) -> None:
        await expect(self.page.locator('[data-connection="online"]')).to_be_attached()

    async def node(self) -> str:
        """The Gateway of this browser."""
        return await self.page.locator("[data-node]").get_attribute("data-node") or ""

    async def ask(self, other: "Visitor | Person", reason: str) -> None:
        await self.try_to_ask(other, reason)
        await expect(self.page.get_by_text("Request sent")).to_be_visible()

    async def try_to_ask(self, other: "Visitor | Person", reason: str) -> None:
        """Whatever is answered."""
        await self.go("Friends")
        await self.page.get_by_role("button", name="Add a friend").first.click()
        await self.page.get_by_label("Type a username or nickname").fill(other.username)
        await self.page.get_by_role("button", name="Add", exact=True).click()
        await self.page.get_by_label("Say who you are (optional)").fill(reason)
        await self.page.get_by_role("button", name="Send request").click()

    async def go(self, name: str) -> None:
        await self.page.get_by_role("navigation").get_by_role("button", name=name, exact=True).click()

    async def open_chat(self, name: str) -> None:
        await self.go("Chats")
        await self.page.get_by_role("region", name="Chats").locator(".row-name", has_text=name).click()

    async def say(self, text: str) -> None:
        await self.page.get_by_label("Write a message").fill(text)
        await self.page.keyboard.press("Enter")

    def bubble(self, text: str) -> Locator:
        return self.page.get_by_role("log").locator(".bubble", has_text=text)

    def row(self, text: str) -> Locator:
        return self.page.locator("[data-seq]", has_text=text)

    async def menu(self, text: str, action: str) -> None:
        """Chooses from a message's menu."""
        await self.bubble(text).click(button="right", position={"x": 12, "y": 12})
        await self.page.get_by_role("menuitem", name=action).click()

    def friend(self, name: str) -> Locator:
        """Their row in the list of friends."""
        return self.page.get_by_role("region", name="Friends").locator(".row", has_text=name)

    async def sees(self, text: str) -> None:
        await expect(self.bubble(text)).to_be_visible()

    async def is_stored(self, text: str) -> None:
        """Shown once, and as an entry of the log."""
        await expect(self.page.locator("[data-seq]", has_text=text)).to_have_count(1)
        await expect(self.bubble(text)).to_have_count(1)

    async def has_kept(self, text: str) -> None:
        """The next page will know it without asking anybody."""
        async def kept() -> bool:
            return await self.page.evaluate("""(text) => new Promise((resolve) => {
                const opening = indexedDB.open("teahouse")
                opening.onsuccess = () => {
                    const request = opening.result.transaction("kept").objectStore("kept").getAll()
                    request.onsuccess = () => {
                        opening.result.close()
                        resolve(request.result.some((log) => log.lines?.some((line) => line.content === text)))
                    }
                }
            })""", text)

        await eventually(kept)

    async def seqs(self) -> list[int]:
        return [int(seq) for seq in await self.page.locator("[data-seq]").evaluate_all(
            "rows => rows.map((row) => row.dataset.seq)")]


async def part(ann: Visitor, bob: Visitor) -> None:
    """Until they are at different Gateways."""
    async def are_apart() -> bool:
        if await ann.node() != await bob.node():
            return True
        await bob.page.reload()
        await bob.is_online()
        return False

    await eventually(are_apart)


async def befriend(ann: Visitor, bob: Visitor) -> None:
    await ann.ask(bob, "我是安，一起喝茶吗？")
    badge = bob.page.get_by_role("navigation").get_by_role("button", name="Friends", exact=True).locator(".badge")
    await expect(badge).to_have_text("1")
    await bob.go("Friends")
    await bob.page.get_by_role("button", name="Friend requests").click()
    await expect(bob.page.get_by_text("我是安，一起喝茶吗？")).to_be_visible()
    await bob.page.get_by_role("button", name="Agree").click()
    await expect(bob.page.locator(".tag", has_text="Agreed")).to_be_visible()
    await expect(badge).to_have_count(0)


async def befriend_over_rest(visitor: Visitor, edge: str, other: Person) -> None:
    async with Person.anonymous(edge) as person:
        body = {"username": visitor.username, "password": PASSWORD}
        answer = await person.call("POST", "/api/auth/login", json=body)
        person.token, person.user = answer["token"], answer["user"]
        await other.befriend(person)


async def sign_in(visitor: Visitor, person: Person) -> None:
    """As somebody who was registered over REST."""
    await visitor.page.goto("/")
    await visitor.page.get_by_label("Username", exact=True).fill(person.username)
    await visitor.page.get_by_label("Password", exact=True).fill(person.password)
    await visitor.page.get_by_role("button", name="Sign in").click()
    await visitor.is_online()
