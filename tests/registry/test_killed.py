"""A push that is killed at any moment: the tag names a complete image, the old or the new one.

HM_TEST_KILLS (50) is how often it is killed.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from registry.proxy import Proxy

KILLS = int(os.environ.get("HM_TEST_KILLS", "50"))
CLI = (sys.executable, "-m", "hatch_multiarch", "push", "--json")
CHUNKS = (sys.executable, str(Path(__file__).with_name("pusher.py")))


def started(site, made, host, name, command=CLI):
    return subprocess.Popen(
        [*command, str(made.path), f"{host}/{name}:1"],
        env={**os.environ, **site.env},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.slow
def test_a_killed_push_leaves_a_complete_image(site, name):
    old = site.image(1000)
    site.push(old.path, f"{site.host}/{name}:1")
    # From the first request to the last: a moment is a number of bytes or requests, not a time,
    # so that a busy machine is killed in as many places as an idle one.
    whole = site.image(*[300_000] * 3)
    with Proxy(site.port) as counting:
        child = started(site, whole, counting.host, name, CHUNKS)
        assert child.wait(60) == 0, child.stderr.read()
        child.stderr.close()
        count = len(counting.asked)
        assert len(counting.of("PATCH")) > count / 3
    named, moments = {whole.digest}, []
    for kill in range(KILLS):
        made = site.image(*[300_000] * 3)
        # Around the end there is most to lose: every second one is among the last requests.
        first = 1 if kill % 2 else count - 8
        moment = random.randint(first, count)  # noqa: S311 - no secret
        with Proxy(site.port) as proxy:
            child = started(site, made, proxy.host, name, CHUNKS)
            while child.poll() is None and len(proxy.asked) < moment:
                time.sleep(0.0005)
            child.send_signal(signal.SIGKILL)
            child.wait()
            child.stderr.close()
            moments.append(len(proxy.asked))
        found = site.pulled(f"{name}:1")
        assert found in named | {made.digest}, f"killed after {moments[-1]} of {count} requests"
        named = {found}
        site.push(made.path, f"{site.host}/{name}:1")  # what is left is no hindrance
        assert site.pulled(f"{name}:1") == made.digest
        named = {made.digest}
    assert len(set(moments)) > 1


@pytest.mark.parametrize("name_of_signal", ["INT", "TERM"])
def test_a_push_that_is_stopped_ends_at_once(site, proxy, name, name_of_signal):
    """Also while the registry does not answer; and says nothing but that."""
    old, made = site.image(1000), site.image(300_000)
    site.push(old.path, f"{site.host}/{name}:1")
    rule = proxy.rule("PUT", "/blobs/", lambda handler: time.sleep(6) or handler.cut(), 99)
    child = started(site, made, proxy.host, name)
    end = time.monotonic() + 20
    while not rule.hits and time.monotonic() < end:
        time.sleep(0.01)
    began = time.monotonic()
    child.send_signal(signal.Signals[f"SIG{name_of_signal}"])
    said = child.communicate(timeout=20)[1]
    assert time.monotonic() - began < 4
    assert child.returncode == {"INT": 130, "TERM": 143}[name_of_signal], said
    assert "Traceback" not in said
    assert site.pulled(f"{name}:1") == old.digest
