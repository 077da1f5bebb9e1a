"""Who is in a group hears it, and nobody else."""

from conftest import Connect, Register


async def test_a_group_of_three_hears_everything_in_one_order(
    register: Register, connect: Connect, gateways: list[str]
) -> None:
    people = [await register(name) for name in ("ann", "bob", "cat")]
    for friend in people[1:]:
        await people[0].befriend(friend)
    clients = [await connect(person, gateways[index % 2]) for index, person in enumerate(people)]
    group = await people[0].group("three", *people[1:])
    # All were connected before the group was: it comes to them.
    for client in clients:
        await client.until(lambda client=client: any(
            each["kind"] == "added" and each["chatroom"]["id"] == group for each in client.told("chatroom")))
    receipts = [await client.say(group, f"hello from {index}") for index, client in enumerate(clients)]
    last = receipts[-1]["seq"]
    for client in clients:
        await client.until_seq(group, last)
    texts = [[message["content"] for message in client.messages(group)] for client in clients]
    assert texts == [["hello from 0", "hello from 1", "hello from 2"]] * 3


async def test_who_is_removed_gets_nothing_further(register: Register, connect: Connect, gateways: list[str]) -> None:
    ann, bob, cat = [await register(name) for name in ("ann", "bob", "cat")]
    await ann.befriend(bob)
    await ann.befriend(cat)
    group, side = await ann.group("three", bob, cat), await ann.direct(cat)
    one, two, three = [
        await connect(person, gateways[index % 2]) for index, person in enumerate((ann, bob, cat))
    ]
    before = await one.say(group, "before")
    await three.until_seq(group, before["seq"])

    await ann.call("DELETE", f"/api/social/chatrooms/{group}/members/{cat.id}", expect=204)
    after = await one.say(group, "after")
    await two.until_seq(group, after["seq"])
    # A later message elsewhere: when it is here, so would the other one be.
    fence = await one.say(side, "still friends")
    await three.until_seq(side, fence["seq"])
    assert [message["content"] for message in three.messages(group)] == ["before"]
    assert all(entry["seq"] < after["seq"] for entry in three.entries(group))

    assert (await three.send(group, "am I here?"))["error"]["code"] == "chatroom_not_found"
    for path in (f"/api/history/chatrooms/{group}/messages", f"/api/social/chatrooms/{group}"):
        assert (await cat.ask("GET", path))[0] == 404
    assert group not in [each["chatroomId"] for each in (await cat.call("GET", "/api/history/chatrooms"))["chatrooms"]]

    # Coming back with an old cursor does not help.
    again = await connect(cat, gateways[1], cursors={group: 0, side: 0})
    await again.until_seq(side, fence["seq"])
    assert again.entries(group) == []
    assert group not in [each["id"] for each in again.ready["chatrooms"]]


async def test_who_leaves_is_gone_and_the_others_are_told(
    register: Register, connect: Connect, gateways: list[str]
) -> None:
    ann, bob = await register("ann"), await register("bob")
    await ann.befriend(bob)
    group = await ann.group("two", bob)
    one = await connect(ann, gateways[0])
    await bob.call("DELETE", f"/api/social/chatrooms/{group}/members/{bob.id}", expect=204)
    await one.until(lambda: any(
        entry.get("kind") == "system" and entry["userId"] == bob.id and entry["action"] in ("left", "removed")
        for entry in one.entries(group)))
    assert (await bob.ask("GET", f"/api/social/chatrooms/{group}"))[0] == 404
    assert (await ann.call("GET", f"/api/social/chatrooms/{group}"))["memberCount"] == 1


async def test_who_is_added_while_connected_hears_from_then_on(
    register: Register, connect: Connect, gateways: list[str]
) -> None:
    ann, bob, cat = [await register(name) for name in ("ann", "bob", "cat")]
    await ann.befriend(bob)
    await ann.befriend(cat)
    group = await ann.group("two", bob)
    one, three = await connect(ann, gateways[0]), await connect(cat, gateways[1])
    await one.say(group, "before cat")
    await ann.call("POST", f"/api/social/chatrooms/{group}/members", json={"userIds": [cat.id]})
    said = await one.say(group, "hello cat")
    await three.until_seq(group, said["seq"])
    assert (await three.say(group, "hello all"))["seq"] == said["seq"] + 1
