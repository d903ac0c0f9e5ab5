"""The image config: the project's settings over those of the base, and its health check.

OCI image-spec 1.1, config.md. Of ``scratch`` it is the project's alone. The health check is as
Docker and BuildKit write it (Docker image spec 1.3, "Healthcheck"): ``Test`` and times in
nanoseconds. Docker runs it; runtimes that know OCI's properties alone pass it over.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hatch_multiarch.config import Healthcheck
from hatch_multiarch.files.epoch import timestamp
from hatch_multiarch.oci.descriptor import platform_document
from hatch_multiarch.oci.documents import rows, table, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hatch_multiarch.config import Image
    from hatch_multiarch.image.base import BaseImage
    from hatch_multiarch.image.entrypoint import Command
    from hatch_multiarch.image.layer_writer import Layer

PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""PATH unless the user sets one: the one that Docker and BuildKit give an image without."""
NOBODY = "65532:65532"
"""UID and GID of a program that needs no rights; those of `nonroot` in distroless images."""
_ROOT = re.compile(r"(?:root|0+)?(?::.*)?")
_KEPT = ("Healthcheck", "Shell")
"""What Docker adds to config.md and lets an image inherit. ONBUILD is for the next build only."""

_NANOSECONDS = {"h": 3600 * 10**9, "m": 60 * 10**9, "s": 10**9, "ms": 10**6}
_TIMES = {"interval": "Interval", "timeout": "Timeout", "start_period": "StartPeriod"}


class BaseConfig:
    """The config of a base, of which only what is well-formed is believed. Raises ImageError."""

    def __init__(self, base: BaseImage, where: str) -> None:
        self._where = f"{where}: {base.digest}: config"
        self._base = base
        self._config = table(base.config.get("config") or {}, self._where)

    def texts(self, key: str) -> list[str]:
        """Return a list of strings."""
        found = rows(self._config.get(key), f"{self._where}.{key}")
        return [text(each, f"{self._where}.{key}") for each in found]

    def text(self, key: str) -> str:
        """Return a string, empty when it is not there."""
        return text(self._config.get(key), f"{self._where}.{key}")

    @property
    def env(self) -> dict[str, str]:
        """The environment, in its order."""
        pairs = (each.partition("=") for each in self.texts("Env"))
        return {name: value for name, _, value in pairs}

    @property
    def path(self) -> str:
        """Where programs are looked for."""
        return self.env.get("PATH") or PATH

    def path_with(self, folder: str | None) -> str:
        """Return where programs are looked for with *folder* (no leading slash) before the rest."""
        return f"/{folder}:{self.path}" if folder else self.path

    def user(self, image: Image, *, python: bool) -> str:
        """Return who runs the program: never root unless someone says so."""
        own = self.text("User")
        return image.user or (NOBODY if python and _ROOT.fullmatch(own) else own)

    def document(
        self,
        image: Image,
        run: Command,
        layers: Sequence[Layer],
        *,
        user: str,
        path: str,
        epoch: int,
    ) -> dict[str, Any]:
        """Return the config document of an image with *layers* over the base, without empty keys.

        ``created`` and history come from ``epoch`` (seconds); history names no version of this
        plugin, so that an update alone does not change the image.
        """
        created = timestamp(epoch)
        env = {"PATH": path, **self.env, **image.env}
        env["PATH"] = image.env.get("PATH", path)
        check = healthcheck(image, run.health)
        execution = {
            "User": user,
            "ExposedPorts": {**self._table("ExposedPorts"), **{port: {} for port in image.ports}},
            "Env": [f"{name}={value}" for name, value in env.items()],
            "Entrypoint": list(run.entrypoint),
            "Cmd": list(run.cmd),
            "Volumes": {**self._table("Volumes"), **{each: {} for each in image.volumes}},
            "WorkingDir": image.workdir or self.text("WorkingDir"),
            "Labels": dict(sorted({**self._table("Labels"), **image.labels}.items())),
            "StopSignal": image.stop_signal or self.text("StopSignal"),
            **{key: self._config.get(key) for key in _KEPT},
            **({"Healthcheck": check} if check else {}),
        }
        diff_ids = [*self._base.diff_ids, *(layer.diff_id for layer in layers)]
        ours = [{"created": created, "created_by": "hatch-multiarch"} for _ in layers]
        return {
            "created": created,
            **platform_document(self._base.platform.name),
            "config": {name: value for name, value in execution.items() if value},
            "rootfs": {"type": "layers", "diff_ids": diff_ids},
            "history": [*self._history(), *ours],
        }

    def _table(self, key: str) -> Mapping[str, Any]:
        return table(self._config.get(key) or {}, f"{self._where}.{key}")

    def _history(self) -> list[dict[str, Any]]:
        """Return the base's history, or entries of its own kind where that does not add up."""
        where = f"{self._where}: history"
        found = [table(each, where) for each in rows(self._base.config.get("history"), where)]
        if sum(not each.get("empty_layer") for each in found) != len(self._base.layers):
            return [{"created_by": "base"} for _ in self._base.layers]
        return found


def health_words(image: Image) -> tuple[str, ...]:
    """Return the command of the check as configured, empty without one."""
    return image.healthcheck.command if isinstance(image.healthcheck, Healthcheck) else ()


def healthcheck(image: Image, words: Sequence[str]) -> dict[str, Any] | None:
    """Return the property of the config, None when the *image* sets none.

    *words* are the check's command, its program as an absolute path.
    """
    check = image.healthcheck
    if check is None:
        return None
    if not isinstance(check, Healthcheck):
        return {"Test": ["NONE"]}
    times = {name: nanoseconds(getattr(check, field)) for field, name in _TIMES.items()}
    given = {"Test": ["CMD", *words], **times, "Retries": check.retries}
    return {name: value for name, value in given.items() if value}


def nanoseconds(duration: str) -> int:
    """Return what ``1m30s`` is, 0 for an empty text; the rule ``duration`` has passed it."""
    parts = re.findall(r"([0-9]+)(ms|h|m|s)", duration)
    return sum(int(number) * _NANOSECONDS[unit] for number, unit in parts)


def health_flags(image: Image) -> str:
    """Return the words of a Dockerfile's HEALTHCHECK before its command; empty without a check."""
    check = image.healthcheck
    if not isinstance(check, Healthcheck):
        return ""
    flags = {field.replace("_", "-"): getattr(check, field) for field in (*_TIMES, "retries")}
    return " ".join(
        ["HEALTHCHECK", *(f"--{name}={value}" for name, value in flags.items() if value), "CMD"]
    )
