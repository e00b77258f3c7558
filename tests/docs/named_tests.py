"""Every test that a document names exists, and none is skipped where ../shared is not there: a table of rules is worth as
much as the tests behind it, also in a plain clone."""
import pathlib
import re
import sys

root = pathlib.Path(__file__).resolve().parents[2]
sources = [path for folder in ("tests", "sandbox/tests") for path in (root / folder).rglob("*.cpp")
           if "node_modules" not in path.parts]
defined = {}  # each test with its text, up to the end of its function
for path in sources:
    _, *found = re.split(r"\bTEST(?:_F|_P)?\(\s*(\w+)\s*,\s*(\w+)\s*\)", path.read_text())
    for suite, name, text in zip(found[::3], found[1::3], found[2::3]):
        defined[f"{suite}.{name}"] = re.split(r"(?m)^}", text)[0]
fuzzed = {path.stem for path in (root / "tests/fuzz").glob("*.cpp")}
missing = []
for document in [*sorted((root / "docs").glob("*.md")), root / "tests/abi/README.md"]:
    text = document.read_text()
    for name in re.findall(r"`([A-Z]\w+\.\w+)`", text):
        if name not in defined and not name.startswith("PLATFORM.") and name != "CMakeLists.txt":
            missing.append(f"{document.name}: {name}")
        if re.search(r"SKIP_WITHOUT|GTEST_SKIP[^;]*(SHARED|shared|specs)", defined.get(name, "")):
            missing.append(f"{document.name}: {name} is skipped in a plain clone")
    for targets in re.findall(r"fuzz ((?:`\w+`(?:, )?)+)", text):
        missing += [f"{document.name}: fuzz {name}" for name in re.findall(r"`(\w+)`", targets) if name not in fuzzed]
    missing += [f"{document.name}: {path}" for path in re.findall(r"`(tests/[\w/.]+)`", text) if not (root / path).exists()]
print("\n".join(missing) or f"{len(defined)} tests, none named that is not there")
sys.exit(1 if missing else 0)
