"""The clients of docs/examples, as their readers would run them."""

import asyncio
import shutil
import sys
from pathlib import Path

import pytest
from playwright.async_api import Browser

from conftest import Connect, Register

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "docs" / "examples"


async def output(*command: object) -> str:
    process = await asyncio.create_subprocess_exec(
        *map(str, command), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT)
    async with asyncio.timeout(150):
        out, _ = await process.communicate()
    assert process.returncode == 0, out.decode()
    return out.decode()


async def test_the_python_client_says_and_hears(edge: str, register: Register, connect: Connect) -> None:
    ann = await register("ann")
    room = await ann.group("tea")
    program = EXAMPLES / "client.py"
    listener = await asyncio.create_subprocess_exec(
        sys.executable, program, edge, ann.username, ann.password, stdout=asyncio.subprocess.PIPE)
    assert listener.stdout
    try:
        async with asyncio.timeout(60):
            assert str(room) in (await listener.stdout.readline()).decode()
            said = await output(sys.executable, program, edge, ann.username, ann.password, room, "hello", "tea")
            assert f"stored as {room}." in said
            assert (await listener.stdout.readline()).decode().endswith("Ann: hello tea\n")
    finally:
        listener.terminate()
        await listener.wait()


async def test_the_javascript_client_says_and_hears(edge: str, register: Register, browser: Browser) -> None:
    ann = await register("ann")
    room = await ann.group("tea")
    page = await browser.new_page(bypass_csp=True)
    # A page of the same origin.
    await page.goto(f"{edge}/edge-health-of-nothing")
    await page.add_script_tag(path=next((ROOT / "Web" / "vendor").glob("socket.io-*.min.js")))
    await page.add_script_tag(path=EXAMPLES / "client.js")
    lines = await page.evaluate(
        """async ([origin, username, password, room]) => {
            const lines = [];
            let heard;
            const done = new Promise((resolve) => (heard = resolve));
            const client = new TeahouseClient(origin, (line) => { lines.push(line); heard(); });
            await client.signIn(username, password);
            lines.push(`in ${await client.open()}`);
            await client.say(room, "hello tea");
            await done;
            client.socket.disconnect();
            return lines;
        }""",
        [edge, ann.username, ann.password, room])
    assert lines[0] == f"in {room}"
    assert lines[1].startswith(f"{room}.") and lines[1].endswith("Ann: hello tea")
    await page.close()


@pytest.mark.timeout(240)
@pytest.mark.skipif(not shutil.which("swiftc"), reason="no Swift compiler")
async def test_the_swift_client_says_and_hears(edge: str, register: Register, tmp_path: Path) -> None:
    ann = await register("ann")
    room = await ann.group("tea")
    await output("swiftc", "-parse-as-library", EXAMPLES / "client.swift", "-o", tmp_path / "client")
    said = await output(tmp_path / "client", edge, ann.username, ann.password, room, "hello tea")
    assert said.startswith(f"{room}.") and said.endswith(": hello tea\n")
