"""The code blocks of the documents, each with its place.

A fenced block says by its info string what becomes of it: the language, and words behind it (```sh long). README.md here says
what the languages and words mean. An indented block says nothing, so a document has none."""
import dataclasses
import pathlib
import re

root = pathlib.Path(__file__).resolve().parents[2]


@dataclasses.dataclass
class Block:
    document: pathlib.Path
    line: int  # of the fence
    language: str
    words: list[str]
    text: str

    @property
    def place(self):
        return f"{self.document.relative_to(root)}:{self.line}"


def documents():
    """Every Markdown file of the tree."""
    return sorted(path for path in root.rglob("*.md")
                  if not {"node_modules", "build", ".git"} & set(path.relative_to(root).parts[:-1]))


def blocks(document):
    out, fence, info, start, lines = [], None, "", 0, []
    in_list = after_blank = False
    for number, line in enumerate(document.read_text().split("\n"), 1):
        if fence is None:
            opened = re.match(r" *(```+|~~~+)(.*)", line)
            if opened:
                fence, info, start, lines = opened[1], opened[2].split(), number, []
                margin = len(line) - len(line.lstrip())
            else:
                in_list = bool(re.match(r"\s*([-*+]|\d+[.)]) ", line)) or (in_list and (not line or line.startswith(" ")))
                if line.startswith("    ") and after_blank and not in_list:
                    out.append(Block(document, number, "", [], line))
                after_blank = not line
        elif line.strip() == fence:
            out.append(Block(document, start, info[0] if info else "", info[1:], "\n".join(lines) + "\n"))
            fence, after_blank = None, True
        else:
            lines.append(line[margin:] if line[:margin].isspace() else line)
    if fence is not None:
        out.append(Block(document, start, "", [], "a fence that does not end"))
    return out


def all_blocks():
    return [block for document in documents() for block in blocks(document)]


def without_elisions(text):
    """JSON where "…" outside a string stands for what is left out and // begins a comment, as JSON."""
    string = r'"(?:[^"\\]|\\.)*"'
    for left_out in (r"//[^\n]*|…", r",(?=\s*[,\]}])", r"(?<=[\[{])\s*,"):
        text = re.sub(f"({string})|{left_out}", lambda match: match[1] or "", text)
    return text
