#!/usr/bin/env python3
"""Measures what nginx, HAProxy and curl make of the sandbox's odd answers, and writes readings.tsv anew.

usage: measure.py [--check] [build/release/bin/penstock-sandbox]      needs nginx, haproxy and curl in the PATH

With --check nothing is written: readings that are not the recorded ones are printed and make it fail. It ends with 77 where
a program is missing or has another version than the recorded one.

A reading is "STATUS BODY" (bytes as Python writes them), "refused", or "cut" where the status came through and the
body did not end in order. The column penstock is what Penstock must do; it is kept as it stands.
"""
import base64, json, os, re, shutil, socket, subprocess, sys, tempfile, threading, time

HERE = os.path.dirname(os.path.abspath(__file__))
READINGS = os.path.join(HERE, "readings.tsv")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def list_of(sandbox, folder):
    ca = os.path.join(folder, "ca.pem")
    process = subprocess.Popen([sandbox, "--listen", "127.0.0.1:0", "--ca-file", ca], stdout=subprocess.PIPE, text=True)
    try:
        port = re.search(r":(\d+) ", process.stdout.readline()).group(1)
        host = "sandbox.penstock.test"
        text = subprocess.run(["curl", "-sf", "--noproxy", "*", "--cacert", ca, "--connect-to", f"{host}:443:127.0.0.1:{port}",
                               f"https://{host}/odd-answers"], check=True, capture_output=True).stdout
    finally:
        process.terminate()
        process.wait()
    return {one["name"]: base64.b64decode(one["bytes_base64"]) for one in json.loads(text)}


def serve(answers, listener):
    def one(connection):
        with connection:
            head = b""
            while b"\r\n\r\n" not in head:
                piece = connection.recv(65536)
                if not piece:
                    return
                head += piece
            try:
                connection.sendall(answers[head.split()[1].decode().strip("/")])
                connection.shutdown(socket.SHUT_WR)
                connection.recv(1)
            except OSError:
                pass  # the reader has given up
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=one, args=(connection,), daemon=True).start()


def shown(status, body):
    return f"{status} {repr(body)[1:]}"


def by_curl(port, name, folder):
    body = os.path.join(folder, "body")
    open(body, "w").close()
    done = subprocess.run(["curl", "-s", "--noproxy", "*", "--http1.1", "--max-time", "3", "-o", body, "-w", "%{http_code}",
                           f"http://127.0.0.1:{port}/{name}"], capture_output=True, text=True)
    content = open(body, "rb").read()
    if done.returncode == 0 and done.stdout in ("502", "503"):
        return "refused"  # by a proxy
    if done.returncode == 0:
        return shown(int(done.stdout), content)
    return "cut" if done.returncode == 18 or content else "refused"


def wait_for(port):
    for _ in range(100):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
            return
        except OSError:
            time.sleep(0.05)
    sys.exit("a proxy did not start")


def version(command, pattern):
    done = subprocess.run(command, capture_output=True, text=True)
    return re.search(pattern, done.stdout + done.stderr).group(1)


def recorded():
    """The line of versions, and the rows by their name."""
    with open(READINGS) as file:
        lines = file.read().splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    return lines[1], {row[0]: row[1:] for row in rows[1:]}


def main():
    check = "--check" in sys.argv
    paths = [one for one in sys.argv[1:] if one != "--check"]
    sandbox = paths[0] if paths else "build/release/bin/penstock-sandbox"
    missing = [one for one in ("nginx", "haproxy", "curl") if not shutil.which(one)]
    if missing:
        print("not here: " + ", ".join(missing))
        sys.exit(77 if check else 2)
    measured = "# measured with nginx %s, HAProxy %s, curl %s" % (
        version(["nginx", "-v"], r"nginx/([\d.]+)"), version(["haproxy", "-v"], r"version ([\d.]+)"),
        version(["curl", "--version"], r"curl ([\d.]+)"))
    versions, old = recorded()
    if check and versions != measured:
        print(f"recorded: {versions}\nhere: {measured}")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        answers = list_of(sandbox, folder)
        listener = socket.create_server(("127.0.0.1", 0))
        vendor = listener.getsockname()[1]
        threading.Thread(target=serve, args=(answers, listener), daemon=True).start()
        ports = {"nginx": free_port(), "haproxy": free_port()}
        nginx = os.path.join(folder, "nginx.conf")
        with open(nginx, "w") as out:
            out.write(f"""daemon off; pid {folder}/nginx.pid; error_log /dev/null;
events {{}}
http {{ access_log off; client_body_temp_path {folder}/a; proxy_temp_path {folder}/b; fastcgi_temp_path {folder}/c;
uwsgi_temp_path {folder}/d; scgi_temp_path {folder}/e;
server {{ listen 127.0.0.1:{ports['nginx']};
location / {{ proxy_pass http://127.0.0.1:{vendor}; proxy_http_version 1.1; proxy_set_header Connection ""; }} }} }}
""")
        haproxy = os.path.join(folder, "haproxy.cfg")
        with open(haproxy, "w") as out:
            out.write(f"""defaults
  mode http
  retries 0
  timeout connect 3s
  timeout client 5s
  timeout server 5s
listen all
  bind 127.0.0.1:{ports['haproxy']}
  server vendor 127.0.0.1:{vendor}
""")
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        running = [subprocess.Popen(["nginx", "-c", nginx], **quiet), subprocess.Popen(["haproxy", "-f", haproxy], **quiet)]
        try:
            for port in ports.values():
                wait_for(port)
            rows = {name: [old.get(name, ["?"])[0], by_curl(ports["nginx"], name, folder),
                           by_curl(ports["haproxy"], name, folder), by_curl(vendor, name, folder)] for name in answers}
        finally:
            for process in running:
                process.terminate()
    if check:
        changed = [name for name in rows if rows[name] != old.get(name)] + [name for name in old if name not in rows]
        for name in changed:
            print(f"{name}: recorded {old.get(name)}, now {rows.get(name)}")
        sys.exit(1 if changed else 0)
    with open(READINGS, "w") as out:
        out.write("# What is made of the sandbox's odd answers; written by measure.py, but for the column penstock.\n")
        out.write(measured + "\nname\tpenstock\tnginx\thaproxy\tcurl\n")
        for name, row in rows.items():
            out.write("\t".join([name, *row]) + "\n")


main()
