"""The programs of the documents are built as a reader would build them, outside this tree, and run.

usage: programs.py BUILD_FOLDER"""
import json
import os
import pathlib
import re
import shutil
import sys
import tempfile

from code_blocks import all_blocks, root, without_elisions
from reader import Reader, alone

problems = []
plain_project = "include(/path/to/penstock/sdk/cmake/PenstockPlugin.cmake)\npenstock_add_plugin(acme SOURCES plugin.cpp)\n"


def check(place, fine, *what):
    if not fine:
        problems.append(f"{place}: " + "\n  ".join(str(word).strip() for word in what))
    return fine


def cache(build, *names):
    """Those entries of the tested build's CMakeCache.txt as arguments: the compiler's cache knows their objects."""
    entries = dict(re.findall(r"^(\w+):\w+=(.*)$", (build / "CMakeCache.txt").read_text(), re.MULTILINE))
    return " ".join(f"'-D{name}={entries[name]}'" for name in names if entries.get(name))


def first(blocks, language, document, *words):
    return next((block for block in blocks if block.language == language and block.document == document
                 and block.words == list(words)), None)


def build_plugin(reader, place, project, code, manifest, *arguments):
    """One plugin in an empty folder; the folder of the .so, or nothing."""
    folder = pathlib.Path(tempfile.mkdtemp(prefix="plugin ", dir=reader.place))  # with a space, as folders may have
    (folder / "CMakeLists.txt").write_text(project.replace("/path/to/penstock", str(root)))
    (folder / "plugin.cpp").write_text(code)
    (folder / "manifest.json").write_text(manifest)
    code, output, errors = reader.shell(f"cmake -B build -G Ninja {' '.join(arguments)} && cmake --build build", folder)
    if not check(place, code == 0, f"does not build: {' '.join(arguments)}", output[-4000:], errors[-4000:]):
        return None
    warned = re.search(r"(?i)^CMake Warning(?! \(dev\)).*|.*warning:.*", output + errors, re.MULTILINE)
    check(place, not warned, "warns:", warned and warned[0])
    return folder / "build/plugins"


def check_plugins(reader, blocks):
    """The plugin of sdk/README.md, by each compiler that is here; and its variants, by the first."""
    document = root / "sdk/README.md"
    compilers = [name for name in ("g++", "clang++") if shutil.which(name)]
    project = first(blocks, "cmake", document)
    manifest = first(blocks, "json", document, "manifest")
    whole = [block for block in blocks if block.language == "cpp" and "PENSTOCK_PLUGIN(" in block.text]
    members = [block for block in blocks if block.language == "cpp" and block.words == ["members"]]
    if not check("sdk/README.md", project and manifest and whole, "has no project, manifest and plugin"):
        return
    for block in whole:
        for compiler in compilers:
            plugins = build_plugin(reader, block.place, project.text, block.text, manifest.text, f"-DCMAKE_CXX_COMPILER={compiler}")
            if plugins is None:
                continue
            config = plugins.parent / "integrations.yaml"
            config.write_text(f"server: {{ api_keys: [ {{ name: local, key: dev-key }} ] }}\nplugins: {{ directory: '{plugins}' }}\nstate: '{plugins.parent}/state'\nintegrations:\n"
                              "  - { id: acme, tool: acme, connection: { subdomain: jobs, key: k-123 } }\n")
            dry = "penstock call acme/v1 GET /people -i acme --dry-run"
            code, output, errors = reader.shell(f"penstock check -c '{config}' && {dry} -c '{config}'")
            check(block.place, code == 0 and '"x-api-key":"***"' in output.lower(), f"by {compiler}, does not sign", output, errors)
    # The two lines alone are a project, too.
    build_plugin(reader, project.place, plain_project, whole[0].text, manifest.text)

    headers = "".join(f"#include <penstock/sdk/{path.name}>\n" for path in sorted((root / "sdk/include/penstock/sdk").glob("*.hpp"))
                      if path.name != "testing.hpp")
    with_session = json.loads(without_elisions(manifest.text))
    for api in with_session["apis"].values():
        api["session"] = {"format": 1, "max_fetches": 1}
    for block in members:
        code = (f"{headers}using namespace penstock::sdk;\nnamespace {{\nstruct Acme {{\n{block.text}}};\n}}\n"
                "PENSTOCK_PLUGIN(Acme)\n")
        build_plugin(reader, block.place, project.text, code, json.dumps(with_session))


def check_programs(reader, build, blocks):
    """Programs that embed the engine: each in a project of its document, run beside ./run's server."""
    embedders = [block for block in blocks if block.language == "cpp" and "PENSTOCK_PLUGIN(" not in block.text
                 and block.words != ["members"]]
    folder = build / "docs/app"  # kept: it builds the engine once more, and only what has changed the next time
    for block in embedders:
        project = first(blocks, "cmake", block.document) or first(blocks, "cmake", root / "docs/embedding.md")
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "CMakeLists.txt").write_text(project.text.replace("/path/to/penstock", str(root)))
        code = block.text
        if block.words == ["statements"]:
            headers = "".join(f"#include <penstock/{path.name}>\n" for path in sorted((root / "core/include/penstock").glob("*.hpp")))
            code = (f"{headers}#include <boost/asio.hpp>\nvoid example(std::shared_ptr<penstock::Engine> engine, penstock::Call call) "
                    f"{{\n(void)engine; (void)call;\n{code}}}\nint main() {{}}\n")
        (folder / "main.cpp").write_text(code)
        arguments = cache(build, "CMAKE_BUILD_TYPE", "CMAKE_CXX_FLAGS_RELEASE", "CMAKE_CXX_FLAGS_RELWITHDEBINFO", "CMAKE_CXX_COMPILER",
                          "PENSTOCK_WERROR", "PENSTOCK_SANITIZE")
        status, output, errors = reader.shell(f"cmake -B build -G Ninja {arguments} && cmake --build build --target app", folder,
                                              timeout=1500)
        if not check(block.place, status == 0, "does not build", output[-4000:], errors[-4000:]):
            continue
        if block.words == ["statements"]:
            continue
        program = folder / "build/app"
        status, output, errors = reader.shell(f"'{program}'", timeout=60)
        check(block.place, status == 0, f"ends with {status}", output[-2000:], errors[-2000:])


def main(build):
    alone()
    reader = Reader(build)
    reader.environment["PATH"] = f"{build}/bin:{reader.environment['PATH']}"
    reader.environment["HOME"] = os.environ.get("HOME", "/")  # where the compiler's cache is
    try:
        blocks = all_blocks()
        check_plugins(reader, blocks)
        with reader.running():
            check_programs(reader, build, blocks)
    finally:
        reader.close()
    print("\n".join(problems) or "every program builds and does what it says")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
