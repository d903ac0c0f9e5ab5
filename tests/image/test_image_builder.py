"""An image on a base: what it inherits, what it adds, and what it refuses to put there."""

from __future__ import annotations

import json

import pytest
from layouts import Layout, tar

from hatch_multiarch.cache.build_cache import BuildCache
from hatch_multiarch.config import Healthcheck
from hatch_multiarch.errors import ImageError
from hatch_multiarch.report.proof import prove

PLATFORMS = ("linux/amd64", "linux/arm64")
ELF = b"\x7fELF\2\1\1" + bytes(11) + b"\x3e\0"
LOADER = "/lib64/ld-linux-x86-64.so.2"
BASE = {
    "User": "1000",
    "Env": ["PATH=/srv/bin:/bin", "LANG=C", "MODE=base"],
    "Entrypoint": ["/bin/sh"],
    "Cmd": ["-c", "true"],
    "WorkingDir": "/srv",
    "Labels": {"of": "base", "both": "base"},
    "ExposedPorts": {"80/tcp": {}},
    "Volumes": {"/data": {}},
    "StopSignal": "SIGQUIT",
    "Healthcheck": {"Test": ["CMD", "true"]},
    "OnBuild": ["RUN something"],
}
FILES = tar(
    ("usr/local", None, {"mode": 0o2775, "uid": 3, "gid": 4}),
    ("usr/local/bin", "../../opt/bin"),
    ("opt/bin", None),
    ("bin/sh", b"sh"),
    ("etc", None),
)


@pytest.fixture
def put(bench, tmp_path):
    """Put helpers on a base: `put(config of the base, **of the image)`."""
    count = [0]

    def put(base=None, base_files=FILES, base_name="base", facts=(), helpers=("greet",), **image):
        count[0] += 1
        root = tmp_path / f"project-{count[0]}"
        layout = Layout(root / base_name)
        layout.finish(*(layout.image(name, base_files, config=base or {}) for name in PLATFORMS))
        (root / "etc/deep").mkdir(parents=True)
        (root / "etc/deep/run").write_text("run")
        (root / "etc/deep/run").chmod(0o700)
        (root / "etc/conf").write_text("conf")
        (root / "link").symlink_to("/etc/passwd")
        (root / HOSTILE).write_text("conf")
        files = {
            name: {each: ELF + f"{each} {name}".encode() for each in helpers} for name in PLATFORMS
        }
        base_name = f"oci:{base_name}"
        return bench.build_on(base_name, files, root=root, facts=dict(facts), **image)

    return put


def blob(image, digest):
    return json.loads((image.outputs[0] / "blobs/sha256" / digest[7:]).read_text())


def config_of(image):
    return blob(image, image.platforms[1].config)


def test_what_is_not_set_is_the_bases(put):
    config = config_of(put(BASE, helpers=("greet", "tone"), env={"LANG": "C.UTF-8"}))
    kept = {key: value for key, value in BASE.items() if key != "OnBuild"}
    assert config["config"] == {**kept, "Env": ["PATH=/srv/bin:/bin", "LANG=C.UTF-8", "MODE=base"]}
    assert [each["created_by"] for each in config["history"]] == ["base", "hatch-multiarch"]
    assert len(config["rootfs"]["diff_ids"]) == 2
    assert config["architecture"] == "arm64"


def test_what_is_set_goes_over_it(put):
    config = config_of(
        put(
            BASE,
            user="7:7",
            workdir="/own",
            labels={"both": "own"},
            ports=("8080/tcp",),
            volumes=("/own",),
            stop_signal="SIGINT",
            env={"PATH": "/own"},
        )
    )["config"]
    assert config["Entrypoint"] == ["/usr/local/bin/greet"], "the only helper"
    assert "Cmd" not in config, "of another entrypoint"
    assert config["User"] == "7:7"
    assert config["WorkingDir"] == "/own"
    assert config["Labels"] == {"both": "own", "of": "base"}
    assert config["ExposedPorts"] == {"80/tcp": {}, "8080/tcp": {}}
    assert config["Volumes"] == {"/data": {}, "/own": {}}
    assert config["StopSignal"] == "SIGINT"
    assert config["Env"][0] == "PATH=/own"


@pytest.mark.parametrize(
    ("check", "expected"),
    [
        (None, BASE["Healthcheck"]),
        ("none", {"Test": ["NONE"]}),
        (Healthcheck(("greet", "x")), {"Test": ["CMD", "/usr/local/bin/greet", "x"]}),
        (Healthcheck(("sh",), retries=2), {"Test": ["CMD", "/bin/sh"], "Retries": 2}),
    ],
)
def test_the_health_check(put, check, expected):
    assert config_of(put(BASE, healthcheck=check))["config"]["Healthcheck"] == expected


def test_a_health_check_of_what_is_not_there(put):
    with pytest.raises(
        ImageError, match=r'image\.healthcheck: "curl" is not in the image on linux'
    ):
        put(BASE, healthcheck=Healthcheck(("curl",)))


@pytest.mark.parametrize(
    ("base", "image", "expected"),
    [
        ({}, {"entrypoint": ("tone", "x"), "cmd": ("y",)}, (["/usr/local/bin/tone", "x"], ["y"])),
        ({}, {"entrypoint": ("sh", "-c")}, (["/bin/sh", "-c"], None)),
        ({}, {"cmd": ("greet",)}, (None, ["/usr/local/bin/greet"])),
        (BASE, {"cmd": ("-x",)}, (["/bin/sh"], ["-x"])),
    ],
)
def test_programs_by_name(put, base, image, expected):
    config = config_of(put(base, helpers=("greet", "tone"), **image))["config"]
    assert (config.get("Entrypoint"), config.get("Cmd")) == expected


def test_the_layers_of_the_base_are_its_own_bytes_and_the_helpers_are_proven(put, bench):
    image = put()
    index = blob(image, image.digest)
    assert index["annotations"]["org.opencontainers.image.base.digest"] == image.base
    assert "org.opencontainers.image.base.name" not in index["annotations"], "a file has none"
    for built in image.platforms:
        manifest = blob(image, built.digest)
        base, own = manifest["layers"]
        assert manifest["annotations"]["org.opencontainers.image.base.digest"] == built.base
        found = (
            image.outputs[0].parents[1] / "base/blobs/sha256" / base["digest"][7:]
        ).read_bytes()
        assert (image.outputs[0] / "blobs/sha256" / base["digest"][7:]).read_bytes() == found
        assert built.layers == (base["digest"], own["digest"])
    # /usr/local/bin is a link in this base, and stays one.
    assert set(built.files) == {"opt/bin/greet"}
    records = prove(list(bench.binaries.values()), [], image, BuildCache(None))
    assert [each.image.path for each in records] == ["opt/bin/greet"] * 2


def test_files_of_the_project(put, run):
    image = put(files={"/etc/greeter": "etc", "/usr/local/bin/conf": "etc/conf"})
    top = image.platforms[0].layers[-1][7:]
    listed = run("tar", "-tvzf", image.outputs[0] / "blobs/sha256" / top).out.splitlines()
    assert [(line.split()[0], line.split()[1], line.split()[-1]) for line in listed] == [
        ("drwxr-xr-x", "0/0", "etc/"),
        ("drwxr-xr-x", "0/0", "etc/greeter/"),
        ("-rw-r--r--", "0/0", "etc/greeter/conf"),
        ("drwxr-xr-x", "0/0", "etc/greeter/deep/"),
        ("-rwxr-xr-x", "0/0", "etc/greeter/deep/run"),
        ("drwxr-xr-x", "0/0", "opt/"),
        ("drwxr-xr-x", "0/0", "opt/bin/"),
        ("-rw-r--r--", "0/0", "opt/bin/conf"),
    ]


def test_a_folder_of_the_base_keeps_its_mode_and_owner(put, run):
    image = put(base_files=tar(("srv", None, {"mode": 0o2775, "uid": 3, "gid": 4})), files=SRV)
    top = image.platforms[0].layers[-1][7:]
    listed = run("tar", "-tvzf", image.outputs[0] / "blobs/sha256" / top).out.splitlines()
    assert listed[0].split()[:2] == ["drwxrwsr-x", "3/4"]


HOSTILE = "$(touch canary) `touch canary` ${PATH} 'q' \"d\" <<EOF ,a=b # x"
"""The name of a file."""


def test_hostile_names_are_names(put, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    image = put(base_name=f"base {HOSTILE}", files={f"/etc/{HOSTILE}": HOSTILE})
    assert f"etc/{HOSTILE}" in image.platforms[0].files
    assert not list(tmp_path.rglob("canary"))


SRV = {"/srv/conf": "etc/conf"}


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"/bin": "etc/conf"}, "/bin is a folder of the base, and a file of the image"),
        ({"/x": "link"}, 'tool.multiarch.image.files."/x": link is not a regular file'),
    ],
)
def test_files_that_cannot_be_put(put, files, message):
    with pytest.raises(ImageError) as caught:
        put(files=files)
    assert caught.value.message == message


PATH = {"Env": ["PATH=/opt/conda/bin:/bin"]}
LACKS = (
    "tool.multiarch.image.base: oci:base has no Python in /opt/conda/bin, /bin, /usr/local/bin, "
    "/usr/bin on linux/amd64, linux/arm64; "
)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"extras": ("x",)}, "tool.multiarch.image.extras is set"),
        ({"needs": ["requests>=2"]}, "the project has dependencies (requests>=2)"),
        ({"metadata": {"scripts": {"a": "a:b"}}}, "the project has scripts (a)"),
        (
            {"metadata": {"scripts": {"a": "a:b"}, "gui-scripts": {"c": "c:d"}}, "needs": ["x"]},
            "the project has scripts (a, c) and the project has dependencies (x)",
        ),
    ],
)
def test_an_application_on_a_base_without_python(put, bench, more, why):
    with pytest.raises(ImageError) as caught:
        put(PATH, **more)
    assert caught.value.message == LACKS + why
    assert "tool.multiarch.image.package = false" in caught.value.advice
    assert list(bench.staging.iterdir()) == []
    if "extras" not in more:
        assert put(PATH, package=False, **more).platforms


def test_a_base_of_no_layers_is_scratch(bench, tmp_path):
    helpers = {name: {"greet": ELF + name.encode()} for name in PLATFORMS}
    layout = Layout(tmp_path / "base")
    layout.finish(*(layout.image(name) for name in PLATFORMS))
    image = {"workdir": "/var/lib", "ports": ("80/tcp",), "labels": {"a": "b"}}
    based = bench.build_on("oci:base", helpers, **image)
    scratch = bench.build(helpers, outputs=("layout",), **image)
    for mine, theirs in zip(based.platforms, scratch.platforms, strict=True):
        assert (mine.config, mine.layers) == (theirs.config, theirs.layers)
    assert (scratch.base, scratch.platforms[0].base) == ("", None)
    assert based.platforms[0].base
    with pytest.raises(ImageError, match=r"image\.workdir: .* leads through the helper"):
        bench.build_on("oci:base", helpers, workdir="/usr/local/bin/greet")


def test_a_dynamic_helper_needs_its_loader_libraries_and_glibc(put):
    libc = ELF + b"GNU C Library (Debian GLIBC 2.31-1) stable release version 2.31.\n"
    dynamic = {"libc": "glibc", "interpreter": LOADER, "needed": ("libc.so.6",), "glibc": (2, 31)}
    has = [("usr/lib64/ld.so", b""), ("lib64", "usr/lib64"), ("usr/lib/libc.so.6", libc)]
    loader = ("usr/lib64/ld-linux-x86-64.so.2", "ld.so")
    assert put(base_files=tar(*has, loader), facts=dynamic)

    def problem(files, **more):
        with pytest.raises(ImageError) as caught:
            put(base_files=files, facts={**dynamic, **more})
        first, second = caught.value.message.splitlines()
        assert "linux/arm64" in second
        return first.partition(" needs ")[2]

    assert problem(tar(*has)) == f"the loader {LOADER}, which oci:base doesn't contain"
    assert problem(tar(*has, loader), glibc=(2, 34)) == "glibc 2.34, and oci:base has 2.31"
    needs = problem(tar(*has, loader), needed=("libc.so.6", "libz.so.1"))
    assert needs == "libz.so.1, which oci:base doesn't contain"


def test_a_library_stands_where_loaders_look_and_is_never_started(put, bench):
    libc = ELF + b"GNU C Library (Debian GLIBC 2.31-1) stable release version 2.31.\n"
    base = tar(("usr/lib/libc.so.6", libc))
    about = {"libc": "glibc", "needed": ("libc.so.6",), "glibc": (2, 17), "kind": "library"}
    bench.libraries = {"tone"}
    image = put(base_files=base, facts=about, helpers=("greet", "tone"))
    for platform in image.platforms:
        assert {"usr/local/bin/greet", "usr/local/lib/libtone.so"} <= platform.files.keys()
        found = bench.binaries[f"tone {platform.platform.name}"]
        assert platform.files["usr/local/lib/libtone.so"] == found.sha256
    assert config_of(image)["config"]["Entrypoint"] == ["/usr/local/bin/greet"]
    with pytest.raises(ImageError, match=r'image\.entrypoint: "tone" is not in the image'):
        put(base_files=base, facts=about, helpers=("greet", "tone"), entrypoint=("tone",))
    with pytest.raises(ImageError, match=r"needs glibc 2\.34, and oci:base has 2\.31"):
        put(base_files=base, facts={**about, "glibc": (2, 34)}, helpers=("greet", "tone"))
