"""Every code block says what it is, and JSON is JSON. The other tests of this folder run the rest."""
import json
import sys

from code_blocks import all_blocks, without_elisions

languages = {"sh": {"machine", "long"}, "console": set(), "json": {"manifest", "vectors"}, "jsonc": set(), "yaml": set(),
             "cpp": {"members", "statements"}, "cmake": set(), "text": set()}

problems = []
found = all_blocks()
for block in found:
    if block.language not in languages or not set(block.words) <= languages[block.language]:
        said = " ".join([block.language, *block.words]) or "nothing"
        problems.append(f'{block.place}: a code block says what it is (```sh, ```text for what is not run, …; see '
                        f'tests/docs/README.md), this one says "{said}"')
    elif block.language in ("json", "jsonc"):
        try:
            json.loads(without_elisions(block.text))
        except ValueError as error:
            problems.append(f"{block.place}: {error}")

print("\n".join(problems) or f"{len(found)} code blocks")
sys.exit(1 if problems else 0)
