"""Pushes an image: blobs, then manifests, then the index, and its tags last.

So a tag names a complete image at every moment, the old one or the new one, whatever ends the push.

A manifest about another one, such as a signature, is a referrer (distribution-spec 1.1, "Pushing
Manifests with Subject"): a registry that knows the referrers API says so in its answer. For others
the client keeps a list of those manifests under a tag made of the subject's digest.
"""

from __future__ import annotations

import hashlib
import json
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from hatch_multiarch.errors import RegistryError
from hatch_multiarch.oci.documents import encode
from hatch_multiarch.oci.manifest import Manifest
from hatch_multiarch.oci.media_types import ACCEPT, INDEX
from hatch_multiarch.registry.reference import check_tag
from hatch_multiarch.registry.registry_client import Client
from hatch_multiarch.registry.tag_platforms import check_tags, platforms_of
from hatch_multiarch.registry.transfer import BlobState, Pace, Progress, Pushed, TagState, transfer
from hatch_multiarch.registry.upload import Upload

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from hatch_multiarch.oci.descriptor import Descriptor
    from hatch_multiarch.registry.reference import Reference
    from hatch_multiarch.registry.transfer import Content, Document
    from hatch_multiarch.registry.transport import Answer


def push(
    content: Content,
    reference: Reference,
    tags: Sequence[str],
    environ: Mapping[str, str],
    *,
    insecure: Collection[str] = (),
    mount: str = "",
    fewer: bool = False,
    dry_run: bool = False,
    pace: Pace | None = None,
    doing: Callable[[str], None] = lambda _: None,
) -> Pushed:
    """Push *content* to the repository of *reference* and let *tags* name it.

    Credentials come from docker's config, by *environ*. *mount* is a repository of the same
    registry that may have some of the blobs. *fewer*: a tag may lose platforms. *dry_run* asks what
    is there and changes nothing. *doing* hears what goes on, a line at a time.

    Raises RegistryError for a tag that cannot be one (before any request), for one that would lose
    platforms, when the registry cannot be reached or refuses, and ImageError when a blob
    is not what its digest says. No tag has moved then, or the error says which.
    """
    for tag in tags:
        check_tag(tag)
    pace = pace or Pace()
    client = Client(reference, environ, pace, insecure=insecure, mount=mount)
    try:
        with client.redaction.errors():
            doing(f"asking {reference.registry}")
            client.ping()
            before = [TagState(tag, _named(client, tag, content.root)) for tag in tags]
            if not fewer:
                old = ("", content.root.digest)
                moving = [each.tag for each in before if each.before not in old]
                check_tags(client, moving, platforms_of(content))
            blobs = _blobs(client, content, pace, mount, dry_run=dry_run, doing=doing)
            if not dry_run:
                doing("uploading manifests")
                for each in content.documents:
                    _put(client, each, each.digest)
                _move(client, content.root, before)
            return Pushed(reference.name, content.root.digest, blobs, tuple(before), dry_run)
    finally:
        client.close()


def _blobs(
    client: Client,
    content: Content,
    pace: Pace,
    mount: str,
    *,
    dry_run: bool,
    doing: Callable[[str], None],
) -> tuple[BlobState, ...]:
    """Bring the blobs there, several at once; the first failure ends the others."""
    progress = Progress("uploaded", sum(each.size for each in content.blobs), doing)

    def bring(blob: Descriptor) -> BlobState:
        upload = Upload(client, blob, content.read, pace, progress.moved)
        if dry_run:
            return BlobState(blob.digest, blob.size, "there" if upload.there() else "missing")
        return BlobState(blob.digest, blob.size, upload.run(mount))

    return tuple(transfer(content.blobs, bring, at_once=pace.at_once, stop=client.stop))


def _named(client: Client, tag: str, root: Document) -> str:
    """Return the digest that *tag* names in the registry; empty for none."""
    path = client.url(f"/manifests/{tag}")
    # A registry may convert an index for who does not name its type.
    headers = {"Accept": f"{root.media_type}, {ACCEPT}"}
    answer = client.manifest(path, f"looking for the tag {tag}", headers)
    if answer.status == HTTPStatus.NOT_FOUND:
        return ""
    digest = f"sha256:{hashlib.sha256(answer.body).hexdigest()}" if answer.body else "unknown"
    return answer.header("Docker-Content-Digest") or digest


def _put(client: Client, document: Document, name: str) -> None:
    """Push *document* under *name*, its digest or a tag. Raises RegistryError."""
    doing = f"pushing the manifest {name[:19]}" if ":" in name else f"moving the tag {name}"
    answer = client.request(
        "PUT",
        client.url(f"/manifests/{name}"),
        doing,
        headers={"Content-Type": document.media_type},
        body=document.data,
        ok=(200, 201, 202),
    )
    said = answer.header("Docker-Content-Digest")
    if said and said != document.digest:
        raise RegistryError(
            f"{client.reference.name}: {doing}: the registry answers with another digest, "
            f"{said[:80]!r}",
            advice="something between here and the registry changes the data",
        )
    if ":" in name:
        refer(client, document, answer)


def _move(client: Client, root: Document, tags: Sequence[TagState]) -> None:
    """Let *tags* name *root*. One that does already stays: some registries let no tag move."""
    moved: list[str] = []
    for each in tags:
        if each.before != root.digest:
            try:
                _put(client, root, each.tag)
            except RegistryError as error:
                left = [other.tag for other in tags[tags.index(each) :]]
                raise RegistryError(
                    f"{error.message}; the image is there as {root.digest}, tags moved: "
                    f"{', '.join(moved) or 'none'}, not moved: {', '.join(left)}",
                    advice=error.advice,
                ) from None
        moved.append(each.tag)


def refer(client: Client, document: Document, answer: Answer) -> None:
    """After the PUT of *document* with this *answer*, list it with its subject if need be.

    Raises RegistryError.
    """
    subject = document.parsed.subject
    if subject is None or answer.header("OCI-Subject"):
        return
    algorithm, _, digits = subject.digest.partition(":")
    tag = check_tag(f"{algorithm[:32]}-{digits[:64]}")
    path, doing = client.url(f"/manifests/{tag}"), f"listing it with {tag[:19]}"
    listed = client.request("GET", path, doing, headers={"Accept": INDEX}, ok=(200, 404))
    entries = _entries(client, listed, tag) if listed.status == HTTPStatus.OK else []
    if any(each.get("digest") == document.digest for each in entries):
        return
    entries.append(_entry(document))
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": entries}
    client.request(
        "PUT", path, doing, headers={"Content-Type": INDEX}, body=encode(index), ok=(200, 201, 202)
    )


def _entries(client: Client, answer: Answer, tag: str) -> list[dict[str, Any]]:
    try:
        found = json.loads(answer.body)["manifests"]
        entries = [dict(each) for each in found]
    except (ValueError, KeyError, TypeError, RecursionError):
        raise RegistryError(
            f"{client.reference.name}: the tag {tag} is not a list of referrers; it was not changed"
        ) from None
    return entries


def _entry(document: Document) -> dict[str, Any]:
    found = document.parsed
    entry: dict[str, Any] = {
        "mediaType": found.media_type,
        "digest": document.digest,
        "size": len(document.data),
    }
    # An image's config says what kind of artifact it is where the manifest does not.
    config = found.config.media_type if isinstance(found, Manifest) else ""
    if kind := found.document.get("artifactType") or config:
        entry["artifactType"] = kind
    if isinstance(found.document.get("annotations"), dict):
        entry["annotations"] = found.document["annotations"]
    return entry
