"""Wheels made by hand, for installers that are not: uv and pip take them from a folder."""

from __future__ import annotations

import base64
import hashlib
import zipfile

NATIVE = {
    "linux/amd64": "manylinux2014_x86_64",
    "linux/arm64": "manylinux2014_aarch64",
    "linux/arm/v7": "manylinux_2_31_armv7l",
}


def make_wheel(folder, name, version="1.0", tag="py3-none-any", needs=(), files=None):
    """Write a wheel of the module *name* into *folder*; return its path."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    headers = [f"Requires-Dist: {each}\n" for each in needs]
    content = {
        f"{name}.py": f"VERSION = {version!r}\nTAG = {tag!r}\n",
        **(files or {}),
        f"{info}/METADATA": "".join(
            ["Metadata-Version: 2.1\n", f"Name: {name}\n", f"Version: {version}\n", *headers]
        ),
        f"{info}/WHEEL": f"Wheel-Version: 1.0\nRoot-Is-Purelib: {tag.endswith('any')}\n"
        f"Tag: {tag}\n".replace("True", "true").replace("False", "false"),
    }
    record = "".join(
        f"{path},sha256={_digest(text.encode())},{len(text.encode())}\n"
        for path, text in content.items()
    )
    path = folder / f"{name}-{version}-{tag}.whl"
    with zipfile.ZipFile(path, "w") as wheel:
        for member, text in {**content, f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}.items():
            wheel.writestr(member, text)
    return path


def _digest(data):
    return base64.urlsafe_b64encode(hashlib.sha256(data).digest()).decode().rstrip("=")


def sha256(path):
    return hashlib.sha256(path.read_bytes()).hexdigest()
