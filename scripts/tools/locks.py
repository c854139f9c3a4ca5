"""Exit 0 if both lock files satisfy pyproject.toml and agree; else name what does not. Asks no registry."""

import re
import sys
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

CHECKOUT = Path(__file__).resolve().parents[2]


def locked(name: str) -> dict[str, str]:
    """Return the version of every package in a lock; an entry without a hash is an error."""
    text = (CHECKOUT / name).read_text(encoding="utf-8")
    entries = re.findall(r"^([a-z0-9][a-z0-9._-]*)==(\S+)[^\n]*\n((?:    .*\n)*)", text, re.MULTILINE)
    for package, _, rest in entries:
        if "--hash=sha256:" not in rest:
            sys.exit(f"{name}: {package} has no hash")
    return {canonicalize_name(package): version for package, version, _ in entries}


def main() -> None:
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]
    service, development = locked("constraints.txt"), locked("constraints-dev.txt")
    wrong = [
        f"{name} is {version} in constraints.txt only"
        for name, version in service.items()
        if development.get(name) != version
    ]
    for lock, texts in (
        (service, project["dependencies"] + extras["build"]),
        (development, [text for group in extras.values() for text in group]),
    ):
        for requirement in map(Requirement, texts):
            version = lock.get(canonicalize_name(requirement.name))
            if version is None or version not in requirement.specifier:
                wrong.append(f"{requirement} is locked as {version}")
    if wrong:
        sys.exit("\n".join([*wrong, "run scripts/lock"]))


if __name__ == "__main__":
    main()
