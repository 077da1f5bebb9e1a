"""That everybody can use the pages: axe-core finds nothing serious on any of them, in both themes and languages."""

import importlib.util
from pathlib import Path

import pytest
from playwright.async_api import Page, expect

from conftest import Arrive, Connect, Register
from visitor import sign_in

pytestmark = pytest.mark.timeout(240)


def axe() -> str:
    package = importlib.util.find_spec("axe_playwright_python")
    assert package and package.origin
    return (Path(package.origin).parent / "axe.min.js").read_text()


async def serious(page: Page) -> list[str]:
    """What axe-core calls serious or critical here."""
    # What fades in is judged when it has come.
    await page.evaluate("() => Promise.allSettled(document.getAnimations().filter("
                        "(each) => each.effect.getComputedTiming().endTime !== Infinity).map((each) => each.finished))")
    await page.evaluate(axe())
    result = await page.evaluate("async () => { const { violations, passes } = await axe.run(); return { violations, passes } }")
    assert "color-contrast" in {each["id"] for each in result["passes"]}
    return [
        f"{each['id']}: {[node['target'] for node in each['nodes']]}"
        for each in result["violations"] if each["impact"] in ("serious", "critical")
    ]


@pytest.mark.parametrize(("scheme", "locale", "width"), [("light", "en-GB", 1180), ("dark", "zh-CN", 390)])
async def test_every_page_is_accessible(
    arrive: Arrive, edge: str, register: Register, connect: Connect, screens: Path, scheme: str, locale: str, width: int
) -> None:
    ann, bob, cat, dan = [await register(name) for name in ("ann", "bob", "cat", "dan")]
    for other in (bob, cat):
        await ann.befriend(other)
    await dan.call("POST", "/api/social/friend-requests", json={"userId": ann.id, "reason": "喝茶"}, expect=201)
    room = await ann.group("一个名字很长很长的茶话会 and more of a long name", bob, cat)
    friend = await connect(bob, edge)
    first = await friend.send(room, "今天的茶 see https://example.org/a-long-address/that/goes/on/and/on")
    await friend.send(room, "and an answer 🍵", replyTo=first["seq"])
    await ann.call("PUT", f"/api/history/chatrooms/{room}/messages/{first['seq']}/reactions/👍")
    await ann.call("POST", "/api/history/favorites", json={"messageId": first["id"]}, expect=201)

    visitor = await arrive("ann", color_scheme=scheme, viewport={"width": width, "height": 780})
    page = visitor.page
    found: dict[str, list[str]] = {}

    async def look(name: str) -> None:
        await page.screenshot(path=screens / f"{scheme}-{name}.png")
        found[name] = await serious(page)
        assert await page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name

    for door in ("register", "forgot"):
        await page.goto(f"/{door}")
        await look(door)
    await sign_in(visitor, ann)
    if locale == "zh-CN":
        await page.evaluate("localStorage.setItem('teahouse.language', 'zh')")
        await page.reload()
        await visitor.is_online()
    await look("chats")
    pages = {
        "friends": "/friends", "friend": f"/friends/{bob.id}", "requests": "/friends/requests", "add": "/friends/add",
        "favorites": "/favorites", "search": "/search", "me": "/me", "invite": "/invite/none",
        "chatroom": f"/chatrooms/{room}",
    }
    for name, path in pages.items():
        await page.goto(path)
        await visitor.is_online()
        await expect(page.locator(".spinner")).to_have_count(0)
        if name == "search":
            await page.locator(".search-field input").fill("answer")
            await expect(page.locator("mark")).to_have_count(1)
        await look(name)
    await page.locator(".chatroom-title + .icon-button + .icon-button").click()
    await expect(page.locator(".details .tag")).to_be_visible()
    await look("details")
    assert {name: problems for name, problems in found.items() if problems} == {}
