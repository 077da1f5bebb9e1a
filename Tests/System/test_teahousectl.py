"""The operators' tool against the running system, as an operator types it."""

import asyncio
import json
import os
import uuid
from pathlib import Path
from typing import Any

import pytest

from conftest import Connect, Register
from drill.stores import environment
from teahouse import Control, Person, eventually

STATE = Path(os.environ.get("TEAHOUSE_STATE", "."))


async def run(*arguments: str, expect: int | None = 0, **keys: str) -> str:
    """What it prints, and where that fails what it complains of."""
    process = await asyncio.create_subprocess_exec(
        STATE / "bin" / "teahousectl", *arguments, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment(STATE, "operator"), "OPERATOR_NAME": "tester", **keys},
    )  # fmt: skip
    async with asyncio.timeout(60):
        output, complaint = await process.communicate()
    assert expect is None or process.returncode == expect, f"{arguments}: {process.returncode}\n{output!r}\n{complaint!r}"
    return output.decode() + complaint.decode()


async def ask(*arguments: str, expect: int = 0) -> Any:
    return json.loads(await run(*arguments, "--json", expect=expect))


async def is_signed_out(person: Person) -> bool:
    return (await person.ask("GET", "/api/social/friends"))[0] == 401


async def test_a_user_is_shown_signed_out_disabled_and_given_a_password(register: Register) -> None:
    alice = await register("alice")
    assert f"username       {alice.username}" in await run("user", "show", str(alice.id))
    shown = await ask("user", "show", alice.username)
    assert shown["account"]["id"] == alice.id and shown["sessions"] == 1
    assert (await ask("user", "sessions", alice.username))["sessions"][0]["address"]

    await run("user", "sign-out", alice.username, "--note", "asked for it")
    await eventually(lambda: is_signed_out(alice), within=5)
    await alice.sign_in("again")

    disabled = await ask("user", "disable", alice.username)
    assert disabled["disabledAt"]
    await eventually(lambda: is_signed_out(alice), within=5)
    login = {"username": alice.username, "password": alice.password}
    alice.token = None
    assert (await alice.ask("POST", "/api/auth/login", json=login))[0] in (401, 403)
    assert "disabledAt" not in await ask("user", "enable", alice.username)
    await alice.sign_in("once more")

    alice.password = (await ask("user", "reset-password", alice.username))["password"]
    await alice.sign_in("with the new one")

    acts = [entry["action"] for entry in (await ask("audit", "accounts", "--user", str(alice.id)))["entries"]]
    assert {"signed_out", "disabled", "enabled", "password_set"} <= set(acts)
    entries = (await ask("audit", "accounts", "--user", str(alice.id)))["entries"]
    assert any(entry.get("operator") == "tester" and entry.get("note") == "asked for it" for entry in entries)


async def test_a_group_is_handed_over_and_dissolved(register: Register) -> None:
    alice, bob = await register("alice"), await register("bob")
    await alice.befriend(bob)
    group = await alice.group("lobby", bob)
    assert (await ask("group", "show", str(group)))["ownerId"] == alice.id
    assert (await ask("group", "transfer", str(group), bob.username))["ownerId"] == bob.id
    assert (await bob.call("GET", f"/api/social/chatrooms/{group}"))["role"] == "owner"
    await run("group", "dissolve", str(group), expect=64)
    await run("group", "dissolve", str(group), "--yes")
    assert (await bob.ask("GET", f"/api/social/chatrooms/{group}"))[0] == 404
    acts = [entry["action"] for entry in (await ask("audit", "groups"))["entries"]]
    assert len(acts) >= 2


async def test_reports_are_taken_and_resolved(register: Register) -> None:
    alice, mallory = await register("alice"), await register("mallory")
    reason = f"spam {uuid.uuid4()}"
    body = {"userId": mallory.id, "reason": reason}
    report = (await alice.call("POST", "/api/social/reports", json=body, expect=201))["id"]
    listed = [item async for item in pages("reports", "list", "--status", "open")]
    assert [item["reason"] for item in listed if item["id"] == report] == [reason]
    assert (await ask("reports", "take", str(report)))["handledBy"] == "tester"
    assert (await ask("reports", "resolve", str(report), "--note", "warned"))["status"] == "resolved"
    assert "(report_settled)" in await run("reports", "dismiss", str(report), expect=1)


async def pages(*arguments: str) -> Any:
    cursor: list[str] = []
    while True:
        page = await ask(*arguments, *cursor)
        for item in page["reports"]:
            yield item
        if "next" not in page:
            return
        cursor = ["--cursor", page["next"]]


async def test_a_wrong_key_a_wrong_word_and_a_wrong_address_have_statuses_of_their_own(register: Register) -> None:
    assert "OPERATOR_KEY" in await run("user", "show", "1", expect=77, OPERATOR_KEY="wrong-key-of-nobody-0123456789")
    await run("user", "show", "nobody-of-this-name", expect=1)
    await run("user", "shout", "1", expect=64)
    await run("user", "show", "1", "--auth", "http://127.0.0.1:1", expect=69)


async def test_a_new_signing_key_is_made_with_its_steps() -> None:
    keys = environment(STATE, "auth")["AUTH_SIGNING_KEYS"]
    steps = json.loads(await run("keys", "rotate", "--kid", "new", "--json", AUTH_SIGNING_KEYS=keys))
    assert steps["publish"].startswith(keys + ",new:") and steps["sign"].endswith("," + keys)
    assert steps["retire"].startswith("new:") and "," not in steps["retire"]


async def test_the_doctor_finds_nothing_but_what_local_mode_is() -> None:
    async def is_well() -> Any:
        found = json.loads(await run("doctor", "--json", expect=None))
        assert not [finding for finding in found["findings"] if finding["severity"] == "problem"], found["findings"]
        return found

    found = await eventually(is_well)
    assert len(found["examinations"]) == 6
    assert {finding["what"] for finding in found["findings"]} <= {"runs in local mode"}
    for examination in found["examinations"]:
        assert examination["status"]["redis"] or examination["service"] == "media"
    assert "ready" in await run("doctor")


async def test_the_doctor_names_who_does_not_answer(control: Control) -> None:
    report = await run("doctor", "--media", "http://127.0.0.1:1", expect=1)
    assert "PROBLEM  media at http://127.0.0.1:1: does not answer" in report


async def test_the_way_of_a_message_is_told(register: Register, connect: Connect, gateways: list[str]) -> None:
    alice, bob = await register("alice"), await register("bob")
    await alice.befriend(bob)
    room = await alice.direct(bob)
    sender, reader = await connect(alice, gateways[0]), await connect(bob, gateways[1])
    client = str(uuid.uuid4())
    receipt = await sender.say(room, "tea?", client)
    await reader.until_seq(room, receipt["seq"])
    hops = (await ask("explain", receipt["id"]))["hops"]
    told = {hop["what"]: hop["state"] for hop in hops}
    assert told["stored by History"] == told["acknowledged to its sender"] == told["put on the bus"] == "yes", hops
    assert told["delivered by Gateway g1"] == told["delivered by Gateway g2"] == "yes", hops
    by_client = await ask(
        "explain", "--client-id", client, "--chatroom", str(room), "--sender", str(alice.id))
    assert by_client["id"] == receipt["id"]
    assert "MISSING" in await run("explain", f"{room}.999999", expect=1)


@pytest.mark.parametrize("path", ["/internal/status", "/internal/explain/1.1", "/internal/accounts?id=1"])
async def test_what_operators_ask_is_not_at_the_edge(edge: str, path: str) -> None:
    key = environment(STATE, "operator")["OPERATOR_KEY"]
    async with Person.anonymous(edge) as nobody:
        assert (await nobody.ask("GET", path, headers={"authorization": f"Bearer {key}"}))[0] == 404
