"""What was funded in a round, district by district, from its open data. Python's standard library alone.

    python3 results.py https://budget.example.org spring-2027 kept/

Answers are kept in a folder with their tags: what has not changed is not sent again. Files are held against the SHA-256
that the round's list gives for them.
"""

import hashlib
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path


def fetch(address: str, kept: Path) -> bytes:
    """Return what is at an address, from the folder if it has not changed since."""
    name = kept / hashlib.sha256(address.encode()).hexdigest()[:16]
    tag = name.with_suffix(".etag")
    request = urllib.request.Request(address)  # noqa: S310 - an address that you gave
    if name.exists() and tag.exists():
        request.add_header("If-None-Match", tag.read_text())
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            body: bytes = answer.read()
            name.write_bytes(body)
            tag.write_text(answer.headers.get("ETag", ""))
    except urllib.error.HTTPError as error:
        if error.code != 304:
            raise
        body = name.read_bytes()
    return body


def money(minor: int, unit: int) -> str:
    """Return an amount in currency units: 4050 of unit 100 is 40.50. Whole numbers only, never floats."""
    digits = len(str(unit)) - 1
    return f"{minor // unit}.{minor % unit:0{digits}}"


def main(service: str, slug: str, folder: str) -> None:
    """Print every district with its funded projects, then check the ballots that are kept."""
    kept = Path(folder)
    kept.mkdir(parents=True, exist_ok=True)
    found = json.loads(fetch(f"{service}/api/v1/rounds/{slug}", kept))
    for district in found["contests"]:
        result = json.loads(fetch(service + district["href"], kept))
        unit, currency = result["unit"], result["currency"]
        print(f"{result['title'][0][1]}: {result['ballots']} ballots, {money(result['budget'], unit)} {currency}")
        for project in result["projects"]:
            if project["won"]:
                print(f"  {money(project['cost'], unit):>12}  {project['votes']:>6}  {project['title']}")
    files = json.loads(fetch(f"{service}/data/{slug}/index.json", kept))["files"]
    for file in files:
        if file["kind"] == "ballots-pb":
            body = fetch(service + file["href"], kept)
            if hashlib.sha256(body).hexdigest() != file["sha256"]:
                sys.exit(f"{file['href']} is not the file that the list names.")
            print(f"{file['href']}: {len(body)} bytes, as listed")


if __name__ == "__main__":
    main(*sys.argv[1:])
