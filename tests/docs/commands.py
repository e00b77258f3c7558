"""Every command that the documents, ./run, --help and `penstock apis` show is run as it is printed, beside ./run's server.

usage: commands.py BUILD_FOLDER"""
import os
import pathlib
import re
import sys
import time

from code_blocks import all_blocks, root
from reader import Reader, alone

problems = []


def check(place, fine, *what):
    if not fine:
        problems.append(f"{place}: " + "\n  ".join(str(word).strip() for word in what))


def is_error(output):
    return '"status":"error"' in output


def run(reader, place, commands, **environment):
    code, output, errors = reader.shell(commands, **environment)
    check(place, code == 0 and not is_error(output), f"exit code {code}", commands, output[-2000:], errors[-2000:])


def compared(text):
    return "".join(text.split())


def sessions(block):
    """The commands of a console block, each with the output that is shown."""
    commands = re.split(r"^\$ ", block.text, flags=re.MULTILINE)
    check(block.place, commands[0] == "" and len(commands) > 1, 'a console block begins with "$ " and a command')
    for session in commands[1:]:
        command = re.match(r"(?:.*\\\n)*.*\n", session)[0]
        yield command, session[len(command):]


def run_console(reader, block):
    for command, shown in sessions(block):
        code, output, errors = reader.shell(command)
        wanted = ".*".join(re.escape(part) for part in compared(shown).split("…"))
        check(block.place, re.fullmatch(wanted, compared(output + errors), re.DOTALL),
              f"what is printed is not what is shown (exit code {code})", command, output[-3000:], errors[-2000:])


def run_elsewhere(block):
    """Commands of a clean machine or of hours: what can be seen here is that they are there."""
    kept = (root / "scripts/fresh_machine").read_text()
    for line in block.text.splitlines():
        words = [word for word in line.split("#")[0].split() if not re.match(r"[A-Z_]+=", word)]
        check(block.place, os.access(root / words[0], os.X_OK), f"{words[0]} is no program of the tree")
        check(block.place, "machine" not in block.words or words[0] in kept, f"scripts/fresh_machine does not run {words[0]}")


def check_configuration(reader, block):
    """A whole configuration or whole sections of one: `penstock check` has nothing to say once its secrets are there."""
    folder = reader.place / "configuration"
    folder.mkdir(exist_ok=True)
    text = re.sub(r"(?m)^(\s*#.*|\s*)$", "", block.text)
    environment = {name: f"secret-of-{name}" for name in re.findall(r"\$\{env:(\w+)", text)}
    for path in set(re.findall(r"\$\{file:([^}]+)\}", text)):
        secret = folder / path.strip("/").replace("/", "-")
        secret.write_text("secret-of-a-file\n")
        secret.chmod(0o600)
        text = text.replace(f"${{file:{path}}}", f"${{file:{secret}}}")
    sections = set(re.findall(r"(?m)^(\w+):", text))
    if "plugins" not in sections:
        text += f"plugins: {{ directory: {reader.folder}/build/release/plugins }}\n"
    if "server" not in sections:
        text += "server: { api_keys: [ { name: local, key: a-key } ] }\n"
    if "integrations" not in sections:
        text += "integrations: []\n"
    (folder / "integrations.yaml").write_text(text)
    code, output, errors = reader.shell(f"penstock check -c '{folder}/integrations.yaml'", **environment)
    check(block.place, code == 0, "penstock check:", output, errors)


def run_printed(reader, place, text, **environment):
    """The commands that a program shows: each is a paragraph or stands indented, and begins with the name of a program."""
    commands = re.findall(r"^ *((?:curl|penstock|build/\S+|export) (?:.*\\\n)*.*)$", text, re.MULTILINE)
    for command in commands:
        explained = command.endswith("# a typing error, explained")
        code, output, errors = reader.shell(command, **environment)
        fine = is_error(output) and "service_name" in output if explained else code == 0 and not is_error(output)
        check(place, fine, f"exit code {code}", command, output[-2000:], errors[-2000:])
    return len(commands)


def run_quoted(reader, place, text):
    """`penstock …` in a text: one without a placeholder runs, of another the subcommand and its options are there."""
    for command in sorted(set(re.findall(r"`((?:build/release/bin/)?penstock(?: [^`]*)?)`", text))):
        if re.search(r"serve\b", command) or command in ("penstock", "build/release/bin/penstock"):
            continue
        words = command.split()
        subcommand = words[1] if len(words) > 1 and re.fullmatch(r"[a-z-]+", words[1]) else ""
        if not re.search(r"[…<>{}\[]|\b[A-Z]{2,}", command) and subcommand != "call":
            run(reader, place, command)
            continue
        code, help_text, errors = reader.shell(f"penstock {subcommand} --help")
        check(place, code == 0, command, errors)
        for option in re.findall(r"(?<= )\[?(--?[a-z][\w-]*)", command):
            known = re.search(rf"(^|[\s,]){re.escape(option)}\b", help_text + reader.shell("penstock --help")[1], re.MULTILINE)
            check(place, known, f"{command}: penstock {subcommand} knows no {option}")


def main(build):
    alone()
    reader = Reader(build)
    started = time.monotonic()
    try:
        found = all_blocks()
        once = [block for block in found if block.language == "console" and "./run" in block.text]
        for block in once:
            block.text = block.text.replace("./run --once", "scripts/demo.sh 1")  # the part of ./run behind the build
            run_console(reader, block)
        with reader.running() as printed:
            settings = re.search(r"^ *export PATH=.*$", printed, re.MULTILINE)
            check("./run", settings, "does not say how to set PATH and PENSTOCK_API_KEY")
            code, output, errors = reader.shell(f'{settings[0]}\nprintf "%s\\n" "$PATH" "$PENSTOCK_API_KEY"')
            path, key = output.splitlines()
            check("README.md", f"\n{settings[0].strip()}\n" in (root / "README.md").read_text(), "does not set what ./run says")
            reader.environment |= {"PATH": path, "PENSTOCK_API_KEY": key}
            check("./run", run_printed(reader, "./run", printed) >= 4, "shows too few commands")

            for block in found:
                if block.language == "sh" and block.words:
                    run_elsewhere(block)
                elif block.language == "sh":
                    run(reader, block.place, block.text)
                elif block.language == "console" and block not in once:
                    run_console(reader, block)
                elif block.language == "yaml":
                    check_configuration(reader, block)
            for document in sorted({block.document for block in found}):
                run_quoted(reader, document.relative_to(root), document.read_text())

            helped = reader.shell("penstock --help")[1]
            for subcommand in ["", *re.findall(r"^  ([a-z]+)  ", helped.partition("Subcommands:")[2], re.MULTILINE)]:
                run_quoted(reader, f"penstock {subcommand} --help", reader.shell(f"penstock {subcommand} --help")[1])
            apis = re.findall(r"^([a-z]+/[\w-]+)", reader.shell("penstock apis")[1], re.MULTILINE)
            check("penstock apis", len(apis) >= 8, "shows too few APIs")
            for api in apis:
                code, page, errors = reader.shell(f"penstock apis {api}")
                check(f"penstock apis {api}", run_printed(reader, f"penstock apis {api}", page) >= 2, "shows no commands", errors)
    finally:
        reader.close()
    print("\n".join(problems) or f"every command does what it says ({time.monotonic() - started:.0f} s)")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(pathlib.Path(sys.argv[1]).resolve()))
