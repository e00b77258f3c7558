"""The reader: a folder that is the tree as ./run leaves it, with ./run's server beside the shell that types the commands."""
import contextlib
import ctypes
import fcntl
import os
import pathlib
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import threading

from code_blocks import root

libc = ctypes.CDLL(None, use_errno=True)
skipped = 77  # the exit code that CTest takes for a skipped test
addresses = (("127.0.0.1", 8080), ("127.0.0.1", 9443))


def alone():
    """A network of this process's own, loopback only: the documents' ports are free there, whatever runs on this machine.
    Where the kernel refuses that, the machine's own network has to have them free."""
    new_network, new_user = 0x40000000, 0x10000000
    user, group = os.getuid(), os.getgid()
    if libc.unshare(new_network) != 0:
        if libc.unshare(new_network | new_user) != 0:
            return ports_are_free()
        pathlib.Path("/proc/self/setgroups").write_text("deny")
        pathlib.Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
        pathlib.Path("/proc/self/gid_map").write_text(f"{group} {group} 1")
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as control:
        request = struct.pack("16sH22x", b"lo", 0x1 | 0x40)  # IFF_UP, IFF_RUNNING
        fcntl.ioctl(control, 0x8914, request)  # SIOCSIFFLAGS


def ports_are_free():
    for address in addresses:
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(address)
            except OSError as error:
                print(f"skipped: {address[0]}:{address[1]} is not free, and a network of its own is refused: {error}")
                sys.exit(skipped)


class Reader:
    """`folder` is the tree with a build/ of its own, in which build/release is the build under test."""

    def __init__(self, build):
        self.place = pathlib.Path(tempfile.mkdtemp(prefix="penstock-docs-"))
        self.folder = self.place / "penstock"
        (self.folder / "build").mkdir(parents=True)
        for entry in root.iterdir():
            if entry.name not in ("build", ".git", "state"):
                (self.folder / entry.name).symlink_to(entry)
        (self.folder / "build/release").symlink_to(build)
        (self.folder / "node_modules").symlink_to(root / "tests/clients/node_modules")
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(self.place), "LC_ALL": "C.UTF-8"}
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS", "CCACHE_DIR"):
            if name in os.environ:
                self.environment[name] = os.environ[name]

    @contextlib.contextmanager
    def running(self, *arguments):
        """./run, built already: yields what it has printed once the server is left running, then ends it as Ctrl+C does."""
        child = subprocess.Popen(["scripts/demo.sh", "0"], cwd=self.folder, env=self.environment, text=True,
                                 stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True,
                                 preexec_fn=lambda: libc.prctl(1, signal.SIGTERM))  # PR_SET_PDEATHSIG: it ends with this test
        watchdog = threading.Timer(120, os.killpg, (child.pid, signal.SIGKILL))
        watchdog.start()
        try:
            printed = ""
            for line in child.stdout:
                printed += line
                if line.startswith("Ctrl+C"):
                    break
            else:
                raise AssertionError(f"./run ended:\n{printed}")
            watchdog.cancel()
            yield printed
        finally:
            watchdog.cancel()
            with contextlib.suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGINT)
            try:
                child.wait(timeout=60)
            except subprocess.TimeoutExpired:
                os.killpg(child.pid, signal.SIGKILL)
                child.wait()
            child.stdout.close()

    def shell(self, commands, folder=None, timeout=600, **environment):
        """Types the commands into a shell; exit code, standard output, standard error."""
        done = subprocess.run(["bash", "-c", f"set -euo pipefail\n{commands}"], cwd=folder or self.folder,
                              env={**self.environment, **environment}, stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=timeout)
        return done.returncode, done.stdout, done.stderr

    def close(self):
        shutil.rmtree(self.place)
