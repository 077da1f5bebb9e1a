"""What people report on their pages, and that it waits for operators."""

import pytest
from playwright.async_api import Route, expect

from attacks.system import System
from conftest import Arrive, Meet, Register
from operators import Operator
from visitor import Visitor

pytestmark = pytest.mark.timeout(240)


async def report(visitor: Visitor, told: str, reason: str) -> None:
    """In the dialog that stands open."""
    done = visitor.page.get_by_text("Reported. Thank you.")
    dialog = visitor.page.get_by_role("dialog", name="Report")
    send = dialog.get_by_role("button", name="Report")
    await expect(done).to_have_count(0)
    await expect(dialog.get_by_text(told)).to_be_visible()
    await dialog.get_by_label("What is wrong?").fill("  ")
    await expect(send).to_be_disabled()
    await dialog.get_by_label("What is wrong?").fill(reason)
    await send.click()
    await expect(done).to_be_visible()
    await expect(dialog).to_have_count(0)


async def test_messages_and_people_are_reported_and_wait_for_operators(
    meet: Meet, arrive: Arrive, register: Register, system: System
) -> None:
    talk = await meet()
    cat = await register("cat")
    await talk.ann.befriend(cat)
    said = await talk.friend.say(talk.room, "buy my <b>tea</b>")
    visitor = await arrive(talk.ann)
    page = visitor.page
    await visitor.open_chat("Bob")
    await visitor.say("no, thank you")
    await visitor.is_stored("no, thank you")

    # Nobody reports themself.
    await visitor.bubble("no, thank you").click(button="right", position={"x": 12, "y": 12})
    await expect(page.get_by_role("menuitem", name="Reply")).to_be_visible()
    await expect(page.get_by_role("menuitem", name="Report")).to_have_count(0)
    await page.keyboard.press("Escape")

    # A message by its menu, somebody beside what they have said, and a friend on their card.
    await visitor.menu("buy my", "Report")
    await report(visitor, "will see this message of Bob and your words", "sells what nobody wants")
    await page.get_by_role("log").get_by_role("button", name="About Bob").click()
    await page.get_by_role("dialog", name="Person").get_by_role("button", name="Report").click()
    await report(visitor, "will see your words about Bob", "is a seller")
    await page.goto(f"/friends/{cat.id}")
    await page.get_by_role("region", name="Cat", exact=True).get_by_role("button", name="Report").click()
    await report(visitor, "will see your words about Cat", "is no cat")

    waiting = [
        (each["userId"], each.get("messageId"), each.get("content"), each["reason"])
        for each in await Operator(system, "social", talk.ann).reports() if each["reporterId"] == talk.ann.id
    ]
    assert sorted(waiting, key=lambda each: each[3]) == [
        (talk.bob.id, None, None, "is a seller"),
        (cat.id, None, None, "is no cat"),
        (talk.bob.id, said["id"], "buy my <b>tea</b>", "sells what nobody wants"),
    ]


async def test_a_report_that_is_refused_is_not_said_to_be_sent(meet: Meet, arrive: Arrive) -> None:
    """Its words stay, so that it can be tried again."""
    talk = await meet()
    visitor = await arrive(talk.ann)
    page = visitor.page
    await page.goto(f"/friends/{talk.bob.id}")
    await page.get_by_role("button", name="Report").click()
    dialog = page.get_by_role("dialog", name="Report")
    refuses = True

    async def answer(route: Route) -> None:
        if refuses:
            await route.fulfill(status=503, json={"code": "unavailable", "message": ""})
        else:
            await route.continue_()

    await page.route("**/api/social/reports", answer)
    await dialog.get_by_label("What is wrong?").fill("is a seller")
    await dialog.get_by_role("button", name="Report").click()
    await expect(dialog.get_by_role("alert")).to_be_visible()
    await expect(page.get_by_text("Reported. Thank you.")).to_have_count(0)
    await expect(dialog.get_by_label("What is wrong?")).to_have_value("is a seller")
    refuses = False
    await dialog.get_by_role("button", name="Report").click()
    await expect(page.get_by_text("Reported. Thank you.")).to_be_visible()
    await expect(dialog).to_have_count(0)
