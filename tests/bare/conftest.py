from __future__ import annotations

import pytest
from foreign_root import ForeignRoot, make_arm64_root


@pytest.fixture(scope="session")
def arm64_root(tmp_path_factory: pytest.TempPathFactory) -> ForeignRoot:
    return make_arm64_root(tmp_path_factory.mktemp("arm64") / "root")
