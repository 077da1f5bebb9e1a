"""The messages that somebody keeps."""

from conftest import Connect, Register


async def test_a_favorite_is_added_listed_and_removed(register: Register, connect: Connect, edge: str) -> None:
    ann, bob, eve = [await register(name) for name in ("ann", "bob", "eve")]
    await ann.befriend(bob)
    room = await ann.direct(bob)
    client = await connect(ann, edge)
    first, second = await client.say(room, "keep me"), await client.say(room, "me too")

    added = await bob.call("POST", "/api/history/favorites", json={"messageId": first["id"]}, expect=201)
    assert added["messageId"] == first["id"]
    await bob.call("POST", "/api/history/favorites", json={"messageId": first["id"]}, expect=200)
    await bob.call("POST", "/api/history/favorites", json={"messageId": second["id"]}, expect=201)
    listed = (await bob.call("GET", "/api/history/favorites"))["favorites"]
    assert [(each["messageId"], each["message"]["content"]) for each in listed] == [
        (second["id"], "me too"), (first["id"], "keep me"),
    ]
    # They are one's own.
    assert (await ann.call("GET", "/api/history/favorites"))["favorites"] == []

    await bob.call("DELETE", f"/api/history/favorites/{first['id']}", expect=204)
    listed = (await bob.call("GET", "/api/history/favorites"))["favorites"]
    assert [each["messageId"] for each in listed] == [second["id"]]

    for message in (first["id"], f"{room}.999", "999999999.1"):
        status, body, _ = await eve.ask("POST", "/api/history/favorites", json={"messageId": message})
        assert (status, body["code"]) == (404, "message_not_found")
