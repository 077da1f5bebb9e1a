"""Accounts in a browser: proven addresses, forgotten passwords, second factors, invitations."""

import base64
import hashlib
import hmac
import os
import re
import time
import uuid
from pathlib import Path

import pytest
from playwright.async_api import Route, expect

from attacks.system import Process, System
from conftest import Arrive, Meet, Register
from teahouse import Control, Person, eventually
from visitor import PASSWORD, Visitor

pytestmark = pytest.mark.timeout(240)


@pytest.fixture(scope="session")
def system(control: Control, edge: str) -> System:
    return System(Path(os.environ["TEAHOUSE_STATE"]), control, edge)


async def mailed(auth: Process, address: str, after: int = 0) -> str:
    """The code of the newest mail to an address, behind the first `after` of them."""
    async with Person.anonymous(auth.internal) as operator:

        async def found() -> str | None:
            mails = (await operator.call("GET", "/mailbox.json"))["mails"]
            texts = [mail["text"] for mail in sorted(mails, key=lambda mail: mail["at"]) if mail["to"] == address]
            return re.search(r"\b\d{8}\b", texts[-1])[0] if len(texts) > after else None

        return await eventually(found)


async def fill(visitor: Visitor, **fields: str) -> None:
    for label, value in fields.items():
        await visitor.page.get_by_label(label.replace("_", " "), exact=True).fill(value)


async def test_a_house_that_asks_for_an_address_gets_one_and_proof(arrive: Arrive, system: System) -> None:
    visitor = await arrive("ann")
    page, address = visitor.page, f"{visitor.username}@example.org"
    with system.auth("verifying", AUTH_EMAIL_VERIFICATION="required") as auth:
        await System.until_ready(auth)

        async def there(route: Route) -> None:
            path = re.sub(r"^https?://[^/]*", "", route.request.url)
            await route.fulfill(response=await route.fetch(url=auth.public + path))

        await page.route(re.compile("/api/auth/(register|codes)$"), there)
        await page.goto("/register")
        await fill(visitor, Username=visitor.username, Password=PASSWORD, Password_again=PASSWORD)
        await page.get_by_role("button", name="Create account").click()
        await expect(page.get_by_role("alert")).to_have_text("This house asks for an e-mail address.")
        await fill(visitor, **{"E-mail (optional)": address})
        await page.get_by_role("button", name="Create account").click()
        await expect(page.get_by_text(f"We have sent a code to {address}.")).to_be_visible()
        await fill(visitor, Code_from_the_mail="00000000")
        await page.get_by_role("button", name="Create account").click()
        await expect(page.get_by_role("alert")).to_have_text("The code is wrong, or holds no longer.")
        await fill(visitor, Code_from_the_mail=await mailed(auth, address))
        await page.get_by_role("button", name="Create account").click()
        await visitor.is_online()
    await visitor.go("Me")
    await expect(page.get_by_text(address)).to_be_visible()
    await expect(page.get_by_text("Not proven")).to_have_count(0)


async def test_a_forgotten_password_is_set_anew_by_a_code_that_was_mailed(
    arrive: Arrive, register: Register, system: System
) -> None:
    ann = await register("ann")
    visitor = await arrive(ann)
    page, address = visitor.page, f"{ann.username}@example.org"
    await visitor.go("Me")
    await page.get_by_label("E-mail", exact=True).fill(address)
    await page.get_by_role("button", name="Send code").click()
    card = page.locator("form", has=page.get_by_role("heading", name="E-mail"))
    await card.get_by_label("Code from the mail").fill(await mailed(system["auth"], address))
    await card.get_by_label("Current password").fill(ann.password)
    await card.get_by_role("button", name="Set e-mail").click()
    await expect(card.get_by_text(address)).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()

    await page.get_by_role("button", name="Forgot your password?").click()
    await page.get_by_label("E-mail of your account").fill(address)
    await page.get_by_role("button", name="Send code").click()
    await fill(visitor, Code_from_the_mail=await mailed(system["auth"], address, after=1), Username=ann.username)
    await page.get_by_label("New password").fill("password1")
    await page.get_by_role("button", name="Set password").click()
    await expect(page.get_by_role("alert")).to_have_text("Choose a password that is harder to guess.")
    await page.get_by_label("New password").fill("another horse of ann")
    await page.get_by_role("button", name="Set password").click()
    await expect(page.get_by_text("Password set. Sign in with it.")).to_be_visible()
    await fill(visitor, Username=ann.username, Password="another horse of ann")
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await visitor.is_online()


async def test_a_second_factor_is_set_up_asked_for_and_removed(
    arrive: Arrive, register: Register, screens: Path
) -> None:
    ann = await register("ann")
    visitor = await arrive(ann)
    page = visitor.page
    await visitor.go("Me")
    await page.get_by_role("button", name="Set up second factor").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Current password").fill(ann.password)
    await dialog.get_by_role("button", name="Continue").click()
    secret = (await dialog.locator(".secret").inner_text()).replace(" ", "")
    recovery = await dialog.locator(".recovery-codes li").all_inner_texts()
    address = await dialog.get_by_role("link", name="Open in app").get_attribute("href")
    assert address and address.startswith("otpauth://totp/") and secret in address and len(recovery) == 10
    await page.screenshot(path=screens / "second-factor.png")
    await dialog.get_by_label("Code of your second factor").fill("000000")
    await dialog.get_by_role("button", name="Turn on").click()
    await expect(dialog.get_by_role("alert")).to_have_text("The code is wrong, or holds no longer.")
    await dialog.get_by_label("Code of your second factor").fill(totp(secret))
    await dialog.get_by_role("button", name="Turn on").click()
    await expect(page.get_by_text("Second factor is on")).to_be_visible()
    await page.get_by_role("button", name="Sign out").click()

    # The app is lost: a recovery code, which is good once.
    await fill(visitor, Username=ann.username, Password=ann.password)
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await fill(visitor, Code_of_your_second_factor=recovery[0])
    await page.get_by_role("button", name="Sign in", exact=True).click()
    await visitor.is_online()
    await visitor.go("Me")
    await page.get_by_role("button", name="Turn off second factor").click()
    for code, outcome in ((recovery[0], False), (recovery[1], True)):
        await dialog.get_by_label("Current password").fill(ann.password)
        await dialog.get_by_label("Code of your second factor").fill(code)
        await dialog.get_by_role("button", name="Turn off second factor").click()
        if not outcome:
            await expect(dialog.get_by_role("alert")).to_have_text("The code is wrong, or holds no longer.")
    await expect(page.get_by_role("button", name="Set up second factor")).to_be_visible()


def totp(secret: str) -> str:
    """RFC 6238, as an authenticator app shows it."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    digest = hmac.new(key, int(time.time() // 30).to_bytes(8, "big"), hashlib.sha1).digest()
    start = digest[-1] & 15
    return str((int.from_bytes(digest[start:start + 4], "big") & 0x7FFFFFFF) % 1_000_000).zfill(6)


async def test_a_link_leads_into_a_group_that_lets_people_in(
    meet: Meet, arrive: Arrive, register: Register, screens: Path
) -> None:
    """Also who had to register first; and who was not let in is not."""
    talk = await meet()
    cat = await register("cat")
    await talk.ann.group("Open house", talk.bob)
    owner = await arrive(talk.ann, permissions=["clipboard-read", "clipboard-write"])
    page = owner.page
    await owner.open_chat("Open house")
    await page.get_by_role("button", name="Details").click()
    details = page.get_by_label("Details", exact=True)
    await details.get_by_label("Approve whoever comes by a link").check()
    await details.get_by_role("button", name="Invite by link").click()
    await page.get_by_label("For so many people").select_option("10")
    await page.get_by_role("dialog").get_by_role("button", name="Invite by link").click()
    await page.get_by_role("button", name="Copy link").click()
    link = await page.evaluate("navigator.clipboard.readText()")
    assert link == await page.get_by_label("Invitation link").input_value()
    await page.keyboard.press("Escape")

    new, known = await arrive("new"), await arrive(cat)
    path = re.sub(r"^https?://[^/]*", "", link)
    await new.page.goto(path)
    await expect(new.page.get_by_text("Sign in to follow your invitation")).to_be_visible()
    await new.register()
    await new.page.goto(path)
    for visitor in (new, known):
        await visitor.page.goto(path)
        await visitor.page.get_by_role("button", name="Join the group").click()
        await expect(visitor.page.get_by_text("You wait to be let in")).to_be_visible()
    await new.page.screenshot(path=screens / "waiting.png")

    # Who comes back to the page sees who waits.
    await page.reload()
    await owner.is_online()
    await page.get_by_role("button", name="Details, 2 waiting to be let in", exact=True).click()
    waiting = page.get_by_label("Waiting to be let in")
    await page.screenshot(path=screens / "join-requests.png")
    await waiting.locator("li", has_text="Cat").get_by_role("button", name="Reject").click()
    await expect(waiting.locator("li")).to_have_count(1)
    await waiting.get_by_role("button", name="Let in").click()
    await expect(details.get_by_text("New", exact=True)).to_be_visible()
    await new.open_chat("Open house")
    await new.say("Thank you")
    await owner.sees("Thank you")
    await expect(known.page.get_by_role("region", name="Chats").locator(".row-name", has_text="Open house")).to_have_count(0)

    # A link that never was.
    await known.page.goto("/invite/" + uuid.uuid4().hex)
    await known.page.get_by_role("button", name="Join the group").click()
    await expect(known.page.get_by_role("alert")).to_have_text("This invitation holds no longer.")
