"""The software bill of materials of a flow, CycloneDX 1.6 in JSON: its files by digest, and what it needs to run.

The same files and the same installation give the same bytes: it holds no time, and its serial number is made of what
it lists.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from uuid import NAMESPACE_URL, uuid5

from cyclonedx.model import HashAlgorithm, HashType
from cyclonedx.model.bom import Bom, BomMetaData
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from flowlattice.registry.distributions import OWN, Needed, imported, needed


def bill_of_materials(flow: str, version: str, sources: Mapping[str, bytes]) -> bytes:
    """The bill of materials of one version of a flow.

    Args:
        flow: The flow's name.
        version: Its version.
        sources: Its files by their paths.
    """
    distributions = needed(sources)
    files = [_file(name, content) for name, content in sorted(sources.items())]
    libraries = {one.name: _library(one) for one in distributions}
    whole = Component(name=flow, version=version, type=ComponentType.APPLICATION, bom_ref=f"flow:{flow}@{version}")
    parts = [*files, *libraries.values()]
    listed = "\n".join(f"{one.bom_ref.value} {[str(each.content) for each in one.hashes]}" for one in parts)
    bom = Bom(
        metadata=BomMetaData(component=whole),
        serial_number=uuid5(NAMESPACE_URL, f"{flow}@{version}\n{listed}"),
        components=parts,
    )
    bom.metadata.timestamp = None  # type: ignore[assignment]  # the schema has it optional, the setter's type not
    bom.register_dependency(whole, [*files, *(libraries[name] for name in (OWN, *imported(sources)))])
    for one in distributions:
        bom.register_dependency(libraries[one.name], [libraries[name] for name in one.needs])
    return JsonV1Dot6(bom).output_as_string(indent=2).encode() + b"\n"


def _file(name: str, content: bytes) -> Component:
    digest = HashType(alg=HashAlgorithm.SHA_256, content=sha256(content).hexdigest())
    return Component(name=name, type=ComponentType.FILE, bom_ref=f"file:{name}", hashes=[digest])


def _library(one: Needed) -> Component:
    purl = PackageURL(type="pypi", name=one.name, version=one.version)
    return Component(name=one.name, version=one.version, type=ComponentType.LIBRARY, purl=purl, bom_ref=str(purl))
