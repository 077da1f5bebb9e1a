"""Mistakes planted in the system, each of which the checker must find: they exist in debug builds only.

Each is switched on by a key of one service (`HISTORY_DRILL_FAULT`, `GATEWAY_DRILL_FAULT`), which is written into its
environment for the time of one drill, with faults under which the mistake matters. One is a mistake of the database, and
planted there.
"""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

from .drill import System, Verdict, run
from .stage import append, changed, restart
from .stores import Stores


@dataclass(frozen=True)
class Plant:
    # Rules of which one must be broken.
    rules: set[str]
    faults: list[str]
    parts: tuple[str, ...] = ()
    key: str = ""


PLANTS = {
    # A hint is sent before the entry is stored, which then fails.
    "publishBeforeCommit": Plant(
        {"phantom", "order"}, ["terminate backends", "stop postgres at once"], ("history",), "HISTORY_DRILL_FAULT"),
    # Client ids are known by a memory of 30 s, which dies with the process.
    "duplicatesInMemory": Plant({"doubled"}, ["kill history"], ("history",), "HISTORY_DRILL_FAULT"),
    # Neither the beacon nor asking for heads tells what was missed.
    "noHeadCheck": Plant({"lost"}, ["kill redis"], ("gateway1", "gateway2"), "GATEWAY_DRILL_FAULT"),
    # A chatroom's position is read before the socket hears it.
    "subscribeAfterSnapshot": Plant(
        {"contiguous"}, ["deafen", "flush redis"], ("gateway1", "gateway2"), "GATEWAY_DRILL_FAULT"),
    # The lock is no statement of its own, so that what is looked up is older than the lock.
    "appendInOneStatement": Plant({"membership"}, [], ("history",), "HISTORY_DRILL_FAULT"),
    # Auth's feed is numbered as its rows are written, not as they are committed.
    "feedByIdentity": Plant({"revoked"}, [], ("auth",)),
    # A client's: the acknowledgement of one's own send moves the delivery cursor over what was not delivered.
    "cursorByAck": Plant({"contiguous"}, ["kill redis"]),
}


async def planted(system: System, name: str, seed: str, duration: float) -> Verdict:
    plant = PLANTS[name]
    async with AsyncExitStack() as stack:
        # Whatever happens, they are started again as they were.
        stack.push_async_callback(restart, system.control, plant.parts)
        stack.enter_context(changed(system.state, plant.parts))
        if plant.key:
            for part in plant.parts:
                append(system.state, part, **{plant.key: name})
        if name == "feedByIdentity":
            await stack.enter_async_context(feed_by_identity(Stores(system.state, system.control)))
        await restart(system.control, plant.parts)
        return await run(system, seed, duration, plant.faults, acks_move_cursors=name == "cursorByAck")


@asynccontextmanager
async def feed_by_identity(stores: Stores) -> AsyncIterator[None]:
    """In the place of the row that every writer of Auth's feed locks until its commit stands a sequence, whose numbers are
    taken early, and committed in whatever order."""
    await stores.execute(
        """
        BEGIN;
        ALTER TABLE auth.change_heads RENAME TO kept_heads;
        CREATE SEQUENCE auth.positions;
        SELECT setval('auth.positions', position + 1, false) FROM auth.kept_heads;
        CREATE VIEW auth.change_heads AS
            SELECT one, (SELECT coalesce(max(position), 0) FROM auth.changes) AS position, epoch FROM auth.kept_heads;
        CREATE FUNCTION auth.take_position() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            FOR n IN OLD.position + 1..NEW.position LOOP NEW.position := nextval('auth.positions'); END LOOP;
            -- As long as other work of its transaction may take.
            PERFORM pg_sleep(random() * 0.5);
            RETURN NEW;
        END
        $$;
        CREATE TRIGGER take_position INSTEAD OF UPDATE ON auth.change_heads
            FOR EACH ROW EXECUTE FUNCTION auth.take_position();
        GRANT SELECT, UPDATE ON auth.change_heads, auth.positions TO auth;
        COMMIT;
        """,
        "auth")
    try:
        yield
    finally:
        await stores.execute(
            """
            BEGIN;
            DROP VIEW auth.change_heads;
            DROP FUNCTION auth.take_position();
            DROP SEQUENCE auth.positions;
            UPDATE auth.kept_heads SET position = (SELECT coalesce(max(position), 0) FROM auth.changes);
            ALTER TABLE auth.kept_heads RENAME TO change_heads;
            COMMIT;
            """,
            "auth")
