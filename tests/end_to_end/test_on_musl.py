"""An image on a base whose C library is musl, as Alpine's is: built here and run by docker.

Alpine's packages are out of reach of Debian's tools, so the base is made of Debian's: musl, and its
source of Python compiled against it. What it has is where Alpine-based official images have it: the
loader in /lib, Python in /usr/local. It has no shell and no other library.
"""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest
from end_to_end.test_on_a_base import build, change, make_project
from engine_fixture import docker

from hatch_multiarch import platforms

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from engine_fixture import Engine
    from support import Ran

pytestmark = [
    *(pytest.mark.slow, pytest.mark.network, pytest.mark.witness),
    *(pytest.mark.engine, pytest.mark.docker),
]

# gcc tells the wrong triplet, which Python takes for its own and puts into the names of modules.
COMPILER = """\
#!/bin/sh
case $* in *-print-multiarch*) echo "$(uname -m)-linux-musl" ;; *) exec musl-gcc "$@" ;; esac
"""
DOCKERFILE = """\
FROM {builder} AS made
WORKDIR /made
RUN sed 's/^deb /deb-src /' /etc/apt/sources.list >/etc/apt/sources.list.d/sources.list \\
 && apt-get -qq update \\
 && apt-get -qq install --no-install-recommends gcc libc6-dev make musl-tools >/dev/null \\
 && apt-get -qq source --download-only python3.11 \\
 && tar -xzf python3.11_*.orig.tar.gz --strip-components=1
COPY --chmod=755 musl-cc /usr/local/bin/
# Compiled once and hardly run: as little as a program needs, and no bytecode (compileall's help).
RUN printf '%s\\n' '*disabled*' _asyncio _codecs_cn _codecs_hk _codecs_iso2022 _codecs_jp \\
    _codecs_kr _codecs_tw _decimal _lsprof _multibytecodec _statistics _xxsubinterpreters \\
    _xxtestfuzz _zoneinfo audioop nis ossaudiodev >Modules/Setup.local \\
 && ./configure -q --build="$(uname -m)-linux-musl" CC=musl-cc OPT="-O0 -DNDEBUG" \\
    --disable-test-modules --without-ensurepip --without-doc-strings --without-static-libpython \\
    >/dev/null 2>&1 \\
 && make -s -j2 >/dev/null 2>&1 \\
 && make -s install DESTDIR=/image COMPILEALL_OPTS=--help >/dev/null 2>&1
WORKDIR /image
RUN mkdir lib tmp && rm -r usr/local/share usr/local/include usr/local/lib/py*/config-* \\
 && loader="ld-musl-$(uname -m).so.1" && cp "/lib/$loader" lib/ \\
 && ln -s "$loader" "lib/libc.musl-$(uname -m).so.1"
FROM scratch
COPY --from=made /image /
ENV PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin
CMD ["python3"]
"""


@pytest.fixture(scope="module")
def base(engine: Engine, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the base as an archive; BuildKit's cache keeps it while the engine runs."""
    folder = tmp_path_factory.mktemp("musl")
    (folder / "musl-cc").write_text(COMPILER)
    (folder / "Dockerfile").write_text(DOCKERFILE.format(builder=engine.builder_image))
    path = folder / "base.tar"
    network = [f"--network={engine.network}"] if engine.network else []
    docker(engine, "buildx", "build", *network, f"--output=type=oci,dest={path}", folder)
    return path


@pytest.fixture
def root(base: Path, tmp_path: Path) -> Path:
    root = make_project(tmp_path / "greeter", base)
    name = f"greeter-{uuid.uuid4().hex[:8]}"
    host = f"linux/{platforms.host().goarch}"
    change(
        root,
        ('platforms = ["linux/amd64", "linux/arm64", "linux/arm/v7"]', f'platforms = ["{host}"]'),
        ('outputs = ["oci", "layout"]', f'name = "{name}"\noutputs = ["docker-archive"]'),
        ('libc = "glibc:2.17"', 'libc = "musl"'),
    )
    return root


@pytest.fixture
def loaded(engine: Engine) -> Iterator[Callable[[Path], str]]:
    """Return a function that loads an archive into docker, which forgets it in the end."""
    names: list[str] = []

    def load(archive: Path) -> str:
        names.append(docker(engine, "load", "--input", archive).split()[-1])
        return names[-1]

    yield load
    docker(engine, "image", "rm", "--force", *names)


@pytest.mark.containerd_store
def test_docker_runs_the_script_with_a_wheel_for_musl_and_both_helpers(
    engine: Engine, root: Path, run: Callable[..., Ran], loaded: Callable[[Path], str]
) -> None:
    assert "note: oci:base.tar: python3.11 with musl 1.2 (" in build(run, root).out
    name = loaded(root / "build/multiarch/greeter-1.0.0.docker.tar")
    limits = ("run", "--rm", "--network=none", "--read-only")
    lines = docker(engine, *limits, name).splitlines()
    assert lines[0] == "/opt/greeter 65532 &lt; xn--4ca"
    assert lines[2] == f"Running in [{platforms.host().goarch}] architecture."
    assert lines[3].startswith("Note ")
    ask = (
        "import json, sys; from markupsafe import _speedups;"
        "print(json.dumps([_speedups.__file__, sys.base_prefix]))"
    )
    file, prefix = json.loads(docker(engine, *limits, "--entrypoint=python", name, "-c", ask))
    assert file.endswith("-linux-musl.so")
    assert prefix == "/usr/local"


@pytest.mark.containerd_store
def test_a_helper_against_glibc_is_refused(root: Path, run: Callable[..., Ran]) -> None:
    change(root, ('libc = "musl"', 'libc = "glibc:2.17"'))
    out = build(run, root, code=7).out
    assert 'helper "tone" on linux/' in out
    assert "needs the loader /lib" in out
    assert not list(root.glob("dist/*"))
