"""Every test that a document names is there: a table of rules is worth as much as the tests behind it."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
sources = [path for folder in ("tests", "sandbox/tests") for path in (root / folder).rglob("*.cpp")
           if "node_modules" not in path.parts]
defined = {f"{suite}.{name}" for path in sources
           for suite, name in re.findall(r"\bTEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)", path.read_text())}
fuzzed = {path.stem for path in (root / "tests/fuzz").glob("*.cpp")}
missing = []
for document in sorted((root / "docs").glob("*.md")):
    text = document.read_text()
    for name in re.findall(r"`([A-Z]\w+\.\w+)`", text):
        if name not in defined and not name.startswith("PLATFORM.") and name != "CMakeLists.txt":
            missing.append(f"{document.name}: {name}")
    for targets in re.findall(r"fuzz ((?:`\w+`(?:, )?)+)", text):
        missing += [f"{document.name}: fuzz {name}" for name in re.findall(r"`(\w+)`", targets) if name not in fuzzed]
    missing += [f"{document.name}: {path}" for path in re.findall(r"`(tests/[\w/.]+)`", text) if not (root / path).exists()]
print("\n".join(missing) or f"{len(defined)} tests, none named that is not there")
sys.exit(1 if missing else 0)
