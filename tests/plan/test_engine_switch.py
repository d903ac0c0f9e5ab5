"""HATCH_MULTIARCH_ENGINE takes what tool.multiarch.engine takes."""

import pytest

from hatch_multiarch.errors import ConfigError
from hatch_multiarch.plan import Switches


@pytest.mark.parametrize(
    ("value", "engine"),
    [("auto", "auto"), ("host", "host"), (" buildkit ", "buildkit"), ("", None)],
)
def test_engine(value, engine):
    assert Switches.read({"HATCH_MULTIARCH_ENGINE": value}).engine == engine


@pytest.mark.parametrize(
    ("value", "hint"), [("buildkti", "; did you mean 'buildkit'?"), ("docker", "")]
)
def test_engine_misspelt(value, hint):
    with pytest.raises(ConfigError) as caught:
        Switches.read({"HATCH_MULTIARCH_ENGINE": value})
    assert caught.value.problems == [
        f"HATCH_MULTIARCH_ENGINE: expected auto, host or buildkit, found {value!r}{hint}"
    ]
