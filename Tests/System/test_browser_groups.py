"""A group of three in three browsers: each sees every message once, in the one order that there is."""

import asyncio

import pytest
from playwright.async_api import expect

from conftest import Arrive, Register
from teahouse import Person
from visitor import Visitor, part

pytestmark = pytest.mark.timeout(240)

COUNT = 8


async def lines(visitor: Visitor) -> list[tuple[int, str]]:
    """What stands on the page, from above to below."""
    rows = await visitor.page.get_by_role("log").locator("[data-seq]").evaluate_all(
        "rows => rows.map((row) => [Number(row.dataset.seq), row.querySelector('.message-text').textContent])")
    return [(seq, text) for seq, text in rows]


async def stored(person: Person, group: int) -> list[tuple[int, str]]:
    messages = (await person.page(group, limit=200))["messages"]
    return sorted((message["seq"], message["content"]) for message in messages)


async def talk(visitor: Visitor, name: str, turn: str) -> None:
    for number in range(COUNT):
        await visitor.say(f"{name} {turn} {number:02}")


async def test_three_people_at_two_gateways_see_the_same_group(arrive: Arrive, register: Register) -> None:
    ann, bob, cat = [await register(name) for name in ("ann", "bob", "cat")]
    await ann.befriend(bob)
    await ann.befriend(cat)
    a, b, c = await asyncio.gather(arrive(ann), arrive(bob), arrive(cat))
    await part(a, b)
    assert {await each.node() for each in (a, b, c)} == {"g1", "g2"}

    await a.page.get_by_role("button", name="New group").click()
    await a.page.get_by_label("Group name").fill("Round table")
    await a.page.get_by_role("dialog").locator("label", has_text="Bob").click()
    await a.page.get_by_role("button", name="Create").click()
    await a.say("Only the two of us yet")
    await a.is_stored("Only the two of us yet")
    await b.open_chat("Round table")
    await b.sees("Only the two of us yet")
    group = int(a.page.url.rsplit("/", 1)[1])

    # The third joins while the others talk.
    await a.page.get_by_role("button", name="Details").click()
    details = a.page.get_by_label("Details", exact=True)
    await details.get_by_role("button", name="Add members").click()
    dialog = a.page.get_by_role("dialog", name="Add members")
    await dialog.locator("label", has_text="Cat").click()
    await asyncio.gather(talk(b, "bob", "before"), dialog.get_by_role("button", name="Add", exact=True).click())
    await expect(dialog).to_have_count(0)
    await expect(details.locator("li", has_text="Cat")).to_be_visible()
    await a.page.keyboard.press("Escape")
    await c.open_chat("Round table")

    await asyncio.gather(talk(a, "ann", "says"), talk(b, "bob", "says"), talk(c, "cat", "says"))
    for visitor in (a, b, c):
        await expect(visitor.page.locator("[data-state]")).to_have_count(0)
        for name in ("ann", "bob", "cat"):
            await visitor.is_stored(f"{name} says {COUNT - 1:02}")

    # Once each, nobody's words in another order than they said them, the same for all, and as they are kept.
    kept = await stored(ann, group)
    texts = [text for _, text in kept]
    assert len(texts) == len(set(texts)) == 1 + 4 * COUNT
    for name, turn in (("bob", "before"), ("ann", "says"), ("bob", "says"), ("cat", "says")):
        assert [text for text in texts if text.startswith(f"{name} {turn}")] == [
            f"{name} {turn} {number:02}" for number in range(COUNT)]
    for visitor, person in ((a, ann), (b, bob), (c, cat)):
        assert await lines(visitor) == await stored(person, group)
    assert await lines(a) == await lines(b) == kept

    # A page that is opened anew shows it so too.
    for visitor in (a, b, c):
        before = await lines(visitor)
        await visitor.page.reload()
        await visitor.is_online()
        await visitor.is_stored(f"cat says {COUNT - 1:02}")
        await expect(visitor.page.locator("[data-seq]")).to_have_count(len(before))
        assert await lines(visitor) == before
