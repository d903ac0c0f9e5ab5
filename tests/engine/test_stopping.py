"""What is left behind when a build does not come to its end."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING

import pytest

from hatch_multiarch import process
from hatch_multiarch.errors import CompileError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from conftest import Logged, Site

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="signals are POSIX's")

BUILD = """
    import sys
    from pathlib import Path
    from hatch_multiarch.config import Helper, Libc, Toolchain
    from hatch_multiarch.engine import HostEngine
    from hatch_multiarch.plan import Unit
    from hatch_multiarch.platforms import host

    class Watch:
        def started(self, unit): pass
        def finished(self, unit, seconds, *, cached): print("finished", flush=True)
        def failed(self, unit, error): print("failed", error, flush=True)
        def doing(self, what): pass

    root, compiler = Path(sys.argv[1]), sys.argv[2]
    helper = Helper("tone", source="tone", cgo=True)
    output = root / "out" / host().name.replace("/", "-") / "tone"
    unit = Unit(helper, host(), Libc("glibc"), compiler, root / "tone", output)
    HostEngine(Toolchain(), "greeter", "1.2.3").build([unit], Watch())
"""


def until(happened: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < end, "it did not happen"
        time.sleep(0.05)


def compiling(script: Path) -> list[str]:
    """Return the processes that run *script*."""
    found = subprocess.run(["ps", "-ww", "-eo", "args"], capture_output=True, text=True, check=True)
    return [line for line in found.stdout.splitlines() if f"/bin/sh {script}" in line]


def start(site: Site, logged: Logged) -> subprocess.Popen[str]:
    """Start a build in a process of its own; return it while it compiles pitch.c."""
    child = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(BUILD), str(site.root), logged.command],
        env={**os.environ, "TMPDIR": str(site.root.parent)},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: any("pitch.c" in line for line in compiling(logged.script)))
    except AssertionError:
        child.kill()
        child.communicate()
        raise
    return child


def slow(site: Site, logged: Logged) -> None:
    site.tone()
    logged.sleep_at("pitch.c", 20)


def test_kill_leaves_nothing_with_a_final_name(site: Site, logged: Logged):
    slow(site, logged)
    with start(site, logged) as child:
        child.kill()
    assert child.returncode == -signal.SIGKILL
    assert site.files() == []


def test_kill_leaves_the_earlier_output(site: Site, logged: Logged):
    site.tone()
    [good] = site.build(site.unit("tone", compiler=logged.command))
    kept = good.path.read_bytes()
    site.write({"tone/pitch.c": f"int pitch(int x) {{ return {os.getpid()}; }}\n"})
    logged.sleep_at("pitch.c", 20)
    with start(site, logged) as child:
        child.kill()
    assert good.path.read_bytes() == kept


def test_ctrl_c_stops_the_compilers(site: Site, logged: Logged):
    slow(site, logged)
    begun = time.monotonic()
    with start(site, logged) as child:
        assert child.stdout
        child.send_signal(signal.SIGINT)
        said = child.stdout.read()
    assert said == ""
    assert child.returncode != 0
    assert time.monotonic() - begun < 19
    assert compiling(logged.script) == []
    assert site.files() == []


def test_the_first_failure_stops_the_rest(site: Site, logged: Logged):
    slow(site, logged)
    site.greet()
    site.write({"greet/extra.go": "package main\n\nfunc extra() string { return missing }\n"})
    units = [site.unit("tone", compiler=logged.command), site.unit("greet", "linux/arm/v7")]
    more = [site.unit("greet", platform) for platform in ("linux/arm64", "linux/amd64")]
    site.write({"greet/new.go": f"package main // {secrets.token_hex()}\n"})
    begun = time.monotonic()
    with pytest.raises(CompileError, match="undefined: missing"):
        site.build(*units, *more, jobs=2)
    assert time.monotonic() - begun < 19
    assert compiling(logged.script) == []
    assert site.files() == []
    assert units[0].id not in site.watch.all("failed")


def test_two_builds_at_once_of_one_output(site: Site, logged: Logged):
    site.tone()
    site.write({"tone/new.c": f"int made_{secrets.token_hex()};\n"})
    logged.sleep_at("pitch.c", 1)
    with start(site, logged) as one, start(site, logged) as two:
        assert one.communicate()[0] == two.communicate()[0] == "finished\n"
    assert one.returncode == two.returncode == 0
    [built] = site.files()
    [again] = site.build(site.unit("tone", compiler=logged.command))
    assert again.cached
    assert built.endswith("/tone")
    assert sorted(each.name for each in again.path.parent.iterdir()) == [".tone.seal", "tone"]


def test_run_reports_and_times_out():
    done = process.run([sys.executable, "-c", "import sys; print('é'); sys.exit('no')"])
    assert (done.code, done.out, done.err) == (1, "é\n", "no\n")
    with pytest.raises(TimeoutError):
        process.run([sys.executable, "-c", "import time; time.sleep(30)"], timeout=0.2)
    with pytest.raises(FileNotFoundError):
        process.run(["no-such-program-anywhere"])
