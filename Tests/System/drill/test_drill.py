"""Three drills of fixed seeds on the running system; and one for each planted mistake, which must be found."""

import os

import pytest

from drill.drill import System, run
from drill.planted import PLANTS, planted

pytestmark = pytest.mark.timeout(240)


@pytest.fixture
def system() -> System:
    if not os.environ.get("TEAHOUSE_STATE"):
        pytest.skip("TEAHOUSE_STATE is not set: nothing can be killed")
    return System.from_environment()


@pytest.mark.parametrize("seed", ["1", "2", "3"])
async def test_the_promise_is_kept_under_faults(system: System, seed: str) -> None:
    verdict = await run(system, seed, 30)
    print(verdict)
    assert not verdict.violations, str(verdict)


@pytest.mark.timeout(480)
@pytest.mark.parametrize("name", sorted(PLANTS))
async def test_a_planted_mistake_is_found(system: System, name: str) -> None:
    """Whether a mistake does harm within six seconds is up to chance, and to how busy the machine is: so there are five
    drills, until it does."""
    for seed in range(1, 6):
        verdict = await planted(system, name, str(seed), 6)
        print(verdict)
        found = {violation.rule for violation in verdict.violations}
        if found & PLANTS[name].rules:
            return
    raise AssertionError(str(verdict))
