"""The state machine of a renewal: the table of docs/state.md has the transitions of the code, and no others."""
import re
import sys

from code_blocks import root

code = (root / "core/session/leased_renewal.cpp").read_text()
header = (root / "core/session/leased_renewal.hpp").read_text()
in_code = {(state, event, after) for state, event, after in
           re.findall(r"Transition\{S::(\w+), E::(\w+), S::(\w+),", code)}
events = set(re.findall(r"^    (\w+),", re.search(r"enum class Event.*?\};", header, re.S)[0], re.M))

in_document = set()
state = ""
for row in re.findall(r"^\|(.*?)\|(.*?)\|.*\| `(\w+)` \|$", (root / "docs/state.md").read_text(), re.M):
    state = row[0].strip("` ") or state
    in_document |= {(state, event, row[2]) for event in re.findall(r"`(\w+)`", row[1])}

problems = [f"docs/state.md lacks {row}" for row in sorted(in_code - in_document)]
problems += [f"docs/state.md has {row}, which the code has not" for row in sorted(in_document - in_code)]
problems += [f"no state takes the event {event}" for event in sorted(events - {event for _, event, _ in in_code})]
if len(in_code) < 20:
    problems.append(f"only {len(in_code)} transitions were found")
print("\n".join(problems) or f"{len(in_code)} transitions")
sys.exit(1 if problems else 0)
