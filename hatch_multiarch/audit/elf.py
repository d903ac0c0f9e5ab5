"""ELF (Linux): machine, interpreter, needed libraries and symbol versions, by pyelftools."""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection

from hatch_multiarch.audit.binary import MAX_NAMES, Malformed, Patient, Window, name_at
from hatch_multiarch.audit.binary_info import BinaryInfo
from hatch_multiarch.audit.gobuild import read_go_build

if TYPE_CHECKING:
    from typing import BinaryIO

    from hatch_multiarch.audit.binary_info import GoBuild

# (e_machine, bits, little endian) -> architecture as OCI names it.
MACHINES = {
    ("EM_X86_64", 64, True): "amd64",
    ("EM_AARCH64", 64, True): "arm64",
    ("EM_ARM", 32, True): "arm",
    ("EM_386", 32, True): "386",
    ("EM_RISCV", 64, True): "riscv64",
    ("EM_S390", 64, False): "s390x",
    ("EM_PPC64", 64, True): "ppc64le",
    ("EM_PPC64", 64, False): "ppc64",
    ("EM_LOONGARCH", 64, True): "loong64",
    ("EM_MIPS", 64, True): "mips64le",
    ("EM_MIPS", 32, True): "mipsle",
}
_GLIBC = re.compile(r"GLIBC_(\d+)\.(\d+)(?:\.\d+)?")

# Versions that name a feature of the loader instead: the glibc that first had it.
_FEATURES = {"GLIBC_ABI_DT_RELR": (2, 36), "GLIBC_ABI_GNU2_TLS": (2, 42)}
# EI_OSABI of the systems that use it; Linux is 0 or 3.
_SYSTEMS = {
    "ELFOSABI_FREEBSD": "freebsd",
    "ELFOSABI_NETBSD": "netbsd",
    "ELFOSABI_OPENBSD": "openbsd",
    "ELFOSABI_SOLARIS": "solaris",
}
_PIE = 0x08000000  # DF_1_PIE of DT_FLAGS_1
_TEXTREL = 0x4  # DF_TEXTREL of DT_FLAGS
_EXECUTABLE = 0x1  # PF_X
_SEEN = (1, 2)  # STB_GLOBAL, STB_WEAK
_VISIBLE = (0, 3)  # STV_DEFAULT, STV_PROTECTED

# Tag_CPU_arch of the Arm build attributes (ABI addenda, section 3.3.5.2).
_CPU_ARCH = {1: "v4", 2: "v4", 3: "v5", 4: "v5", 5: "v5", 6: "v6", 7: "v6", 8: "v6", 9: "v6",
             10: "v7", 11: "v6", 12: "v6", 13: "v7", 14: "v8"}  # fmt: skip


def read_elf(file: BinaryIO) -> BinaryInfo:
    """Return the facts of an ELF program or library; raises Malformed when it is none."""
    patient: Any = Patient(file)
    elf: Any = ELFFile(patient)
    machine = (elf["e_machine"], elf.elfclass, elf.little_endian)
    architecture = MACHINES.get(machine)
    if architecture is None:
        raise Malformed(f"its machine is {machine[0]}, {machine[1]} bits")
    found = _loaded(elf, Window(file))
    # A program that can be loaded anywhere is a "shared object" too, but one that says so.
    program = found.interpreter is not None or found.dynamic.get("DT_FLAGS_1", 0) & _PIE
    library = elf["e_type"] == "ET_DYN" and not program
    if elf["e_type"] not in ("ET_EXEC", "ET_DYN") or (library and not found.dynamic):
        raise Malformed("it is an object file")
    build_info = elf.get_section_by_name(".go.buildinfo")
    system = _SYSTEMS.get(elf["e_ident"]["EI_OSABI"], "linux")
    go = read_go_build(file, build_info["sh_offset"] if build_info else 0)
    glibc, symbol, odd = _glibc_needs(elf) if "DT_VERNEED" in found.dynamic else (None, None, ())
    return BinaryInfo(
        format="elf",
        os=go.settings.get("GOOS", system) if go else system,
        architecture=architecture,
        variant=_variant(elf, go) if architecture == "arm" else None,
        libc=_libc(found.interpreter, found.needed),
        interpreter=found.interpreter,
        needed=tuple(found.needed),
        glibc=glibc,
        glibc_symbol=symbol,
        glibc_odd=odd,
        kind="library" if library else "program",
        name=found.name,
        exports=_exports(elf) if library else (),
        unsafe=found.unsafe,
        go=go,
    )


@dataclass
class _Loaded:
    """What the loader reads: the program headers, and the dynamic section."""

    interpreter: str | None = None
    dynamic: dict[Any, Any] = field(default_factory=dict)
    needed: list[str] = field(default_factory=list)
    name: str = ""
    stack: bool = False
    """It asks for an executable one."""

    @property
    def unsafe(self) -> str:
        """As BinaryInfo has it."""
        if "DT_TEXTREL" in self.dynamic or self.dynamic.get("DT_FLAGS", 0) & _TEXTREL:
            return "text relocations"
        return "an executable stack" if self.stack else ""


def _loaded(elf: Any, window: Window) -> _Loaded:
    window.holds(elf["e_shoff"], elf["e_shentsize"] * elf["e_shnum"])
    found = _Loaded()
    for segment in elf.iter_segments():
        kind = segment["p_type"]
        window.holds(segment["p_offset"], segment["p_filesz"])
        if kind == "PT_INTERP":
            found.interpreter = str(segment.get_interp_name())
        elif kind == "PT_GNU_STACK":
            found.stack = bool(segment["p_flags"] & _EXECUTABLE)
        elif kind == "PT_DYNAMIC":
            for tag in segment.iter_tags():
                found.dynamic[tag.entry.d_tag] = tag.entry.d_val
                if tag.entry.d_tag == "DT_NEEDED":
                    found.needed.append(tag.needed)
                elif tag.entry.d_tag == "DT_SONAME":
                    found.name = str(tag.soname)
    return found


def _libc(interpreter: str | None, needed: list[str]) -> Literal["static", "glibc", "musl"]:
    if interpreter is None and not needed:
        return "static"
    # musl's own SONAME is libc.so; distributions rename it.
    of_musl = any(name == "libc.so" or name.startswith("libc.musl") for name in needed)
    musl = "ld-musl" in (interpreter or "") or of_musl
    return "musl" if musl else "glibc"


def _glibc_needs(elf: Any) -> tuple[tuple[int, int] | None, str | None, tuple[str, ...]]:
    """Return the highest GLIBC version needed, a symbol that needs it, and those unnumbered.

    Read from the version needs (.gnu.version_r, the LSB's "Version Requirements"). The loader
    checks each before it looks at any symbol, so one that only weak symbols use counts too.
    """
    needs = [each for each in elf.iter_sections() if isinstance(each, GNUVerNeedSection)]
    if not needs:
        raise Malformed("its version needs have no section; it was stripped of its headers")
    best: tuple[int, int] | None = None
    index = None
    odd = []
    for section in needs:
        for _, versions in section.iter_versions():
            for version in versions:
                number = _version(version.name)
                if number is not None and (best is None or number > best):
                    best, index = number, version["vna_other"]
                if number is None and version.name.startswith("GLIBC_"):
                    odd.append(version.name)
    return best, _symbol_of(elf, index), tuple(odd)


def _version(name: str) -> tuple[int, int] | None:
    found = _GLIBC.fullmatch(name)
    return (int(found[1]), int(found[2])) if found else _FEATURES.get(name)


def _symbol_of(elf: Any, index: int | None) -> str | None:
    symbols = elf.get_section_by_name(".dynsym")
    versions = elf.get_section_by_name(".gnu.version")
    if index is None or symbols is None or versions is None:
        return None
    # Whole at once: a program may export so many symbols that reading each by itself takes minutes.
    order = "<" if elf.little_endian else ">"
    for number, (version,) in enumerate(struct.iter_unpack(f"{order}H", versions.data())):
        # The top bit of a version index only says that the symbol is hidden.
        if version & 0x7FFF == index:
            return str(symbols.get_symbol(number).name)
    return None


def _exports(elf: Any) -> tuple[str, ...]:
    """Return the functions and variables that others may take from a library, sorted."""
    symbols = elf.get_section_by_name(".dynsym")
    if symbols is None:
        raise Malformed("its symbols have no section; it was stripped of its headers")
    # Whole at once, as above: (name, info, other, section) of each Elf64_Sym or Elf32_Sym.
    order = "<" if elf.little_endian else ">"
    form = "IBBH16x" if elf.elfclass == 64 else "I8xBBH"  # noqa: PLR2004 - bits
    names = symbols.stringtable.data()
    found = set()
    for at, info, other, section in struct.iter_unpack(order + form, symbols.data()):
        if section and info >> 4 in _SEEN and other & 3 in _VISIBLE:
            found.add(name_at(names, at))
            if len(found) > MAX_NAMES:
                raise Malformed(f"it exports more than {MAX_NAMES} symbols")
    return tuple(sorted(found))


def _variant(elf: Any, go: GoBuild | None) -> str | None:
    """Return the highest Arm version that any part was compiled for: Go's code or C's."""
    found = []
    if go is not None and "GOARM" in go.settings:
        found.append("v" + go.settings["GOARM"].partition(",")[0])
    attributes = elf.get_section_by_name(".ARM.attributes")
    if attributes is not None:
        for sub in attributes.iter_subsections():
            for subsub in sub.iter_subsubsections():
                tags = subsub.iter_attributes("TAG_CPU_ARCH")
                found += [_CPU_ARCH.get(tag.value, "v8") for tag in tags]
    return max(found, default=None)
