"""Who includes whom: every #include of a room of ours is in the table of docs/architecture.md."""
import re
import sys
from pathlib import Path

from code_blocks import root

row = re.compile(r"^\| `([a-z/_]+)` \| .* \| ([a-z, ]*) ?\|$", re.M)
may_use = {room: set(used.replace("nothing", "").replace(",", " ").split())
           for room, used in row.findall((root / "docs/architecture.md").read_text())}
rooms = {path.name: f"{path.parent.name}/{path.name}"
         for part in ("core", "server") for path in (root / part).iterdir()
         if path.is_dir() and path.name != "include"}

problems = [f"docs/architecture.md: no row for {room}" for room in rooms.values() if room not in may_use]
order = list(may_use)
for room, used in may_use.items():
    for other in used - {"sdk"}:
        if order.index(rooms[other]) >= order.index(room):
            problems.append(f"docs/architecture.md: {room} uses {other}, which stands below it")

count = 0
for room, used in may_use.items():
    for file in sorted((root / room).rglob("*")):
        if file.suffix not in (".c", ".cpp", ".h", ".hpp") or "tests" in file.relative_to(root / room).parts:
            continue
        for number, line in enumerate(file.read_text().splitlines(), 1):
            found = re.match(r'\s*#\s*include\s*["<]([^">]+)[">]', line)
            if not found:
                continue
            count += 1
            folders = Path(found[1]).parts[:-1]
            place = f"{file.relative_to(root)}:{number}"
            if folders[:1] == ("rapidjson",):
                if room.startswith(("core", "server")) and not place.startswith("core/base/json.cpp:"):
                    problems.append(f"{place}: {room} reads and writes JSON by penstock/json.hpp and json_writer.hpp")
            elif folders[:2] == ("penstock", "sdk"):
                if room != "sdk/include" and "sdk" not in used:
                    problems.append(f"{place}: {room} may not include the SDK")
            elif folders[:1] == ("penstock",):
                if room in ("sdk/include", "plugins", "sandbox"):
                    problems.append(f"{place}: {room} may not include the engine")
            elif folders and folders[0] in rooms and rooms[folders[0]] != room and folders[0] not in used:
                if not (root / room / found[1]).exists():  # a folder of the room's own, such as plugins/…/http
                    problems.append(f"{place}: {room} may not include {folders[0]}")

if count < 1000:
    problems.append(f"only {count} includes were found")
print("\n".join(problems) or f"{count} includes")
sys.exit(1 if problems else 0)
