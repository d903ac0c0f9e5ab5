"""What the config document, the annotations and the errors say."""

from __future__ import annotations

import json

import pytest

from hatch_multiarch.config import Healthcheck
from hatch_multiarch.errors import ImageError

PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ONE = {"linux/amd64": {"greet": b"x"}}
TWO = {
    "linux/amd64": {"greet": b"x", "tone": b"y"},
    "linux/arm64": {"greet": b"x", "tone": b"y"},
}
UNEVEN = {"linux/amd64": {"greet": b"x", "tone": b"y"}, "linux/arm/v7": {"greet": b"x"}}


def documents(image):
    """Index, first manifest and first config of a layout."""
    blobs = image.outputs[0] / "blobs/sha256"
    first = image.platforms[0]
    return [
        json.loads((blobs / digest[7:]).read_text())
        for digest in (image.digest, first.digest, first.config)
    ]


def config_of(bench, helpers=ONE, **image):
    return documents(bench.build(helpers, outputs=("layout",), **image))[2]


def test_the_whole_config_in_the_order_of_the_specification(bench):
    config = config_of(
        bench,
        {"linux/arm/v7": {"greet": b"x"}},
        cmd=("--name", "you"),
        env={"LANG": "C.UTF-8", "EMPTY": ""},
        user="65534:65534",
        workdir="/data",
        labels={"b": "2", "a": "1"},
    )
    diff_ids = config["rootfs"]["diff_ids"]
    created = "2023-11-14T22:13:20Z"
    expected = {
        "created": created,
        "architecture": "arm",
        "os": "linux",
        "variant": "v7",
        "config": {
            "User": "65534:65534",
            "Env": [PATH, "LANG=C.UTF-8", "EMPTY="],
            "Entrypoint": ["/usr/local/bin/greet"],
            "Cmd": ["--name", "you"],
            "WorkingDir": "/data",
            "Labels": {"a": "1", "b": "2"},
        },
        "rootfs": {"type": "layers", "diff_ids": diff_ids},
        "history": [{"created": created, "created_by": "hatch-multiarch"}],
    }
    assert json.dumps(config) == json.dumps(expected)


def test_an_empty_setting_is_left_out(bench):
    assert config_of(bench)["config"] == {"Env": [PATH], "Entrypoint": ["/usr/local/bin/greet"]}


def test_the_health_check_as_docker_reads_it(bench):
    config = config_of(bench, healthcheck=Healthcheck(("greet", "--health")))["config"]
    assert config["Healthcheck"] == {"Test": ["CMD", "/usr/local/bin/greet", "--health"]}
    check = Healthcheck(("greet",), "1h2m3s4ms", "500ms", "10m", 5)
    config = config_of(bench, healthcheck=check)["config"]
    assert config["Healthcheck"] == {
        "Test": ["CMD", "/usr/local/bin/greet"],
        "Interval": (3600 + 2 * 60 + 3) * 10**9 + 4 * 10**6,
        "Timeout": 500 * 10**6,
        "StartPeriod": 10 * 60 * 10**9,
        "Retries": 5,
    }


def test_path_is_the_users_when_set_and_stays_first(bench):
    env = config_of(bench, env={"LANG": "C", "PATH": "/opt/bin"})["config"]["Env"]
    assert env == ["PATH=/opt/bin", "LANG=C"]


@pytest.mark.parametrize(
    ("helpers", "entrypoint", "cmd", "expected"),
    [
        (ONE, (), (), (["/usr/local/bin/greet"], None)),
        (ONE, (), ("tone",), (["/usr/local/bin/greet"], ["tone"])),
        (TWO, (), (), (None, None)),
        (TWO, (), ("tone", "greet"), (None, ["/usr/local/bin/tone", "greet"])),
        (TWO, ("tone", "greet"), ("greet",), (["/usr/local/bin/tone", "greet"], ["greet"])),
        (TWO, ("/usr/local/bin/tone",), (), (["/usr/local/bin/tone"], None)),
        (UNEVEN, (), (), (None, None)),
        (UNEVEN, ("greet",), (), (["/usr/local/bin/greet"], None)),
    ],
)
def test_entrypoint_and_cmd(bench, helpers, entrypoint, cmd, expected):
    config = config_of(bench, helpers, entrypoint=entrypoint, cmd=cmd)["config"]
    assert (config.get("Entrypoint"), config.get("Cmd")) == expected


@pytest.mark.parametrize(
    ("helpers", "image", "message", "advice"),
    [
        (
            ONE,
            {"entrypoint": ("gret", "x")},
            (
                'tool.multiarch.image.entrypoint: "gret" is not in the image on linux/amd64, which '
                "contains greet"
            ),
            'did you mean "greet"?',
        ),
        (
            TWO,
            {"entrypoint": ("/bin/sh", "-c", "greet")},
            (
                'tool.multiarch.image.entrypoint: "/bin/sh" is not in the image on '
                "linux/amd64, which contains greet, tone"
            ),
            "name one of the helpers",
        ),
        (
            TWO,
            {"cmd": ("/usr/bin/tone",)},
            (
                'tool.multiarch.image.cmd: "/usr/bin/tone" is not in the image on '
                "linux/amd64, which contains greet, tone"
            ),
            'write "tone"',
        ),
        (
            UNEVEN,
            {"entrypoint": ("tone",)},
            (
                'tool.multiarch.image.entrypoint: "tone" is not in the image on linux/arm/v7, '
                "which contains greet"
            ),
            "the program must exist on every platform: see tool.multiarch.helpers.tone.platforms",
        ),
        (
            ONE,
            {"healthcheck": Healthcheck(("curl", "-f", "localhost"))},
            (
                'tool.multiarch.image.healthcheck: "curl" is not in the image on linux/amd64, '
                "which contains greet"
            ),
            "name one of the helpers",
        ),
        (
            {},
            {},
            "tool.multiarch.platforms: an image needs a Linux platform, and this build has none",
            'add one, such as "linux/amd64", or remove tool.multiarch.image',
        ),
        (
            {**ONE, "linux/riscv64": {}},
            {},
            "tool.multiarch.image.helpers: the image on linux/riscv64 would be empty",
            "add a helper that exists on linux/riscv64",
        ),
        (
            {**ONE, "linux/x86_64": {"greet": b"x"}},
            {},
            "tool.multiarch.platforms: linux/amd64 is listed twice",
            "",
        ),
    ],
)
def test_what_cannot_run_is_refused_before_there_are_wheels(bench, helpers, image, message, advice):
    with pytest.raises(ImageError) as caught:
        bench.prepare(helpers, **image)
    assert (caught.value.message, caught.value.advice) == (message, advice)
    assert list(bench.staging.iterdir()) == []


def test_a_dynamic_helper_is_refused_on_scratch(bench):
    dynamic = {"tone linux/arm64": {"libc": "glibc", "interpreter": "/lib/ld-linux-aarch64.so.1"}}
    bench.cgo = True
    with pytest.raises(ImageError) as caught:
        bench.prepare(TWO, dynamic=dynamic, entrypoint=("greet",))
    assert caught.value.message == (
        'tool.multiarch.image.base: helper "tone" on linux/arm64 is dynamically linked and needs '
        '/lib/ld-linux-aarch64.so.1, which "scratch" doesn\'t contain'
    )
    assert caught.value.advice == (
        'set tool.multiarch.helpers.tone.libc = "static", or leave it out with '
        'tool.multiarch.image.helpers = ["greet"]'
    )
    bench.cgo = False  # what loads C libraries without cgo cannot be static
    with pytest.raises(ImageError) as caught:
        bench.prepare(TWO, dynamic=dynamic, entrypoint=("greet",))
    assert caught.value.advice.startswith('use a base with glibc, such as "debian:stable-slim", or')


def test_all_dynamic_helpers_are_named_at_once(bench):
    needed = {"libc": "musl", "needed": ("libc.so", "libgcc_s.so.1")}
    dynamic = {f"greet {name}": needed for name in TWO}
    bench.cgo = True
    with pytest.raises(ImageError) as caught:
        bench.prepare({name: {"greet": b"x"} for name in TWO}, dynamic=dynamic)
    assert caught.value.message.splitlines() == [
        f'tool.multiarch.image.base: helper "greet" on {name} is dynamically linked and needs '
        'libc.so, libgcc_s.so.1, which "scratch" doesn\'t contain'
        for name in TWO
    ]
    assert caught.value.advice == 'set tool.multiarch.helpers.greet.libc = "static"'


STANDARD = {"title": "greeter", "version": "1.0.0", "created": "2023-11-14T22:13:20Z"}


@pytest.mark.parametrize(
    ("metadata", "expected"),
    [
        ({}, {}),
        ({"description": "Says hello."}, {"description": "Says hello."}),
        ({"description": ""}, {}),
        ({"license": "MIT OR Apache-2.0"}, {"licenses": "MIT OR Apache-2.0"}),
        ({"license": {"text": "MIT License"}}, {}),
        ({"authors": [{"name": "Ann"}]}, {"authors": "Ann"}),
        ({"authors": [{"email": "ann@example.com"}]}, {"authors": "ann@example.com"}),
        (
            {"authors": [{"name": "Ann", "email": "ann@example.com"}, {"name": "Bö"}]},
            {"authors": "Ann <ann@example.com>, Bö"},
        ),
        ({"urls": {"Homepage": "https://a.example"}}, {"url": "https://a.example"}),
        ({"urls": {"Home Page": "https://a.example"}}, {"url": "https://a.example"}),
        ({"urls": {"Source": "https://s.example"}}, {"source": "https://s.example"}),
        ({"urls": {"source_code": "https://s.example"}}, {"source": "https://s.example"}),
        ({"urls": {"GitHub": "https://s.example"}}, {"source": "https://s.example"}),
        (
            {"urls": {"Repository": "https://r.example", "Source": "https://s.example"}},
            {"source": "https://s.example"},
        ),
        ({"urls": {"Docs": "https://d.example"}}, {"documentation": "https://d.example"}),
        ({"urls": {"Changelog": "https://c.example"}}, {}),
    ],
)
def test_annotations_come_from_the_metadata(bench, metadata, expected):
    image = bench.build(ONE, metadata=metadata, outputs=("layout",))
    index, manifest, _ = documents(image)
    wanted = {
        f"org.opencontainers.image.{key}": text for key, text in (STANDARD | expected).items()
    }
    assert index["annotations"] == wanted
    assert manifest["annotations"] == wanted


def test_the_users_annotations_win(bench):
    own = {"org.opencontainers.image.title": "Mine", "com.example.team": "blue"}
    image = bench.build(ONE, annotations=own, outputs=("layout",))
    index, manifest, _ = documents(image)
    assert own.items() <= index["annotations"].items()
    assert index["annotations"] == manifest["annotations"]


def test_a_library_starts_nothing(bench):
    bench.libraries = {"tone"}
    config = config_of(bench, {"linux/amd64": {"greet": b"x", "tone": b"y"}})
    assert config["config"]["Entrypoint"] == ["/usr/local/bin/greet"]
    with pytest.raises(ImageError) as caught:
        bench.prepare(TWO, entrypoint=("tone",))
    assert caught.value.message.endswith(
        '"tone" is not in the image on linux/amd64, which contains greet'
    )
    assert caught.value.advice == "tone is a library, which cannot be started; name a program"
    needs = {f"tone {name}": {"libc": "glibc", "needed": ("libc.so.6",)} for name in TWO}
    with pytest.raises(ImageError) as caught:
        bench.prepare(TWO, dynamic=needs, entrypoint=("greet",))
    assert 'libc = "static"' not in caught.value.advice
