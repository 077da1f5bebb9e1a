"""How quick the web client is on a slow machine: Chromium's processor is slowed down four times.

deploy/run --throwaway -- .local/venv/bin/python Tests/Load/web/measure.py [open] [type] [heap] [--minutes 15]

- open: a chatroom of 10,000 messages is opened; from the end of the answer with its newest page to the paint of its last
  message. Each time in a browser that knows nothing yet.
- type: somebody writes while 50 messages a second arrive in the open chatroom; from each key to the paint after it.
- heap: messages arrive at so many a second in the open chatroom; what scripts hold after a collection, each minute.
"""

import argparse
import asyncio
import os
import statistics
import sys
import time
from pathlib import Path

from playwright.async_api import Browser, CDPSession, Page, async_playwright, expect

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "System"))

from conftest import launch  # noqa: E402
from teahouse import Person, SocketClient  # noqa: E402
from visitor import Visitor, sign_in  # noqa: E402

SHOWN = """
    // When the last of the rows was painted that came first.
    new MutationObserver((_, observer) => {
        if (!document.querySelector("[data-seq]")) return
        observer.disconnect()
        requestAnimationFrame(() => setTimeout(() => { window.shown = performance.now() }))
    }).observe(document, { childList: true, subtree: true })
"""
TYPED = """
    window.keys = []
    addEventListener("keydown", (event) => requestAnimationFrame(() => setTimeout(() => {
        window.keys.push(performance.now() - event.timeStamp)
    })), true)
"""


async def slowed(page: Page, times: float = 4) -> CDPSession:
    session = await page.context.new_cdp_session(page)
    await session.send("Emulation.setCPUThrottlingRate", {"rate": times})
    return session


def told(name: str, milliseconds: list[float]) -> None:
    ordered = sorted(milliseconds)
    at = lambda share: ordered[min(len(ordered) - 1, int(share * len(ordered)))]  # noqa: E731
    print(f"{name}: {len(ordered)} times, median {statistics.median(ordered):.0f} ms, 95 % {at(.95):.0f} ms, "
          f"most {ordered[-1]:.0f} ms", flush=True)


async def measure_opening(browser: Browser, edge: str, ann: Person, times: int) -> None:
    spent = []
    for _ in range(times):
        visitor = await Visitor.arrive(browser, edge, "ann")
        await sign_in(visitor, ann)
        await expect(visitor.page.locator(".row-name", has_text="Bob")).to_be_visible()
        await slowed(visitor.page)
        await visitor.page.evaluate(SHOWN)
        await visitor.open_chat("Bob")
        await expect(visitor.page.locator('[data-seq="10000"]')).to_be_in_viewport()
        await visitor.page.wait_for_function("window.shown !== undefined")
        spent.append(await visitor.page.evaluate("""() => {
            const pages = performance.getEntriesByType("resource").filter(({ name }) => /messages\\?limit/.test(name))
            return window.shown - pages.at(-1).responseEnd
        }"""))
        await visitor.page.context.close()
    told("open a chatroom of 10,000", spent)


async def talk(friend: SocketClient, room: int, rate: float, until: asyncio.Event) -> int:
    """Says something so many times a second, also when one answer takes its time."""
    start, number = time.monotonic(), 0
    async with asyncio.TaskGroup() as tasks:
        while not until.is_set():
            number += 1
            tasks.create_task(friend.say(room, f"{number}: a message as people write them, of some words"))
            await asyncio.sleep(max(0, start + number / rate - time.monotonic()))
    return number


async def measure_typing(browser: Browser, edge: str, ann: Person, friend: SocketClient, room: int, keys: int) -> None:
    visitor = await Visitor.arrive(browser, edge, "ann")
    await sign_in(visitor, ann)
    await visitor.open_chat("Bob")
    await expect(visitor.page.locator("[data-seq]").last).to_be_in_viewport()
    await slowed(visitor.page)
    enough = asyncio.Event()
    talking = asyncio.create_task(talk(friend, room, 50, enough))
    await asyncio.sleep(3)
    await visitor.page.evaluate(TYPED)
    start = time.monotonic()
    for number in range(keys):
        await visitor.page.keyboard.press("abcdefghij "[number % 11] if number % 11 < 10 else "Space")
        await asyncio.sleep(max(0, start + number / 8 - time.monotonic()))
    enough.set()
    said = await talking
    print(f"{said} messages in {time.monotonic() - start + 3:.0f} s", flush=True)
    told("a key while 50 messages a second arrive", await visitor.page.evaluate("window.keys"))
    await visitor.page.context.close()


async def measure_heap(
    browser: Browser, edge: str, ann: Person, friend: SocketClient, room: int, minutes: float, rate: float
) -> None:
    visitor = await Visitor.arrive(browser, edge, "ann")
    await sign_in(visitor, ann)
    await visitor.open_chat("Bob")
    session = await slowed(visitor.page)
    await session.send("Performance.enable")
    enough = asyncio.Event()
    talking = asyncio.create_task(talk(friend, room, rate, enough))
    for minute in range(int(minutes) + 1):
        await session.send("HeapProfiler.collectGarbage")
        metrics = {each["name"]: each["value"] for each in (await session.send("Performance.getMetrics"))["metrics"]}
        print(f"after {minute} min: heap {metrics['JSHeapUsedSize'] / 1e6:.1f} MB, {metrics['Nodes']:.0f} nodes, "
              f"{metrics['JSEventListeners']:.0f} listeners", flush=True)
        if minute < minutes:
            await asyncio.sleep(60)
    enough.set()
    print(f"{await talking} messages", flush=True)


async def main() -> None:
    options = argparse.ArgumentParser()
    options.add_argument("what", nargs="*", default=["open", "type"])
    options.add_argument("--times", type=int, default=10)
    options.add_argument("--keys", type=int, default=200)
    options.add_argument("--minutes", type=float, default=15)
    options.add_argument("--rate", type=float, default=5, help="messages a second while the heap is watched")
    chosen = options.parse_args()
    edge = os.environ["TEAHOUSE_EDGE"]
    async with await Person.register(edge, "ann") as ann, await Person.register(edge, "bob") as bob:
        await ann.befriend(bob)
        room = await ann.direct(bob)
        friend = SocketClient(bob, edge, transports=["websocket"], reconnection=True)
        await friend.open()
        await friend.say_many(room, 10_000, together=256)
        async with async_playwright() as playwright:
            browser = await launch(playwright)
            if "open" in chosen.what:
                await measure_opening(browser, edge, ann, chosen.times)
            if "type" in chosen.what:
                await measure_typing(browser, edge, ann, friend, room, chosen.keys)
            if "heap" in chosen.what:
                await measure_heap(browser, edge, ann, friend, room, chosen.minutes, chosen.rate)
            await browser.close()
        await friend.close()


if __name__ == "__main__":
    asyncio.run(main())
