"""Servers on the loopback that serve repositories over HTTP and ssh: apache2 or nginx with git http-backend, and sshd.

Each starts in well under a second, is waited for by connecting to it, and is always stopped. Nothing of them reads the
machine's own configuration.
"""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pytest

PASSWORD = "correct horse"
_PATIENCE = 10.0
_MODULES = Path("/usr/lib/apache2/modules")


@dataclass(frozen=True, slots=True)
class Remote:
    """Where a repository is served, and the environment in which a client's git may write to it."""

    url: str
    environment: Mapping[str, str] = field(default_factory=dict)


@contextmanager
def apache(folder: Path, repositories: Path, *, users: Sequence[str]) -> Iterator[str]:
    """apache2 with git http-backend and passwords. Gives host:port; a repository is at /git/NAME below it."""
    program, htpasswd = _program("apache2"), _program("htpasswd", package="apache2-utils")
    modules = (
        "mpm_prefork",
        "authn_core",
        "authn_file",
        "auth_basic",
        "authz_core",
        "authz_user",
        "alias",
        "cgi",
        "env",
    )
    _passwords(folder / "htpasswd", users, htpasswd)
    lines = [f'LoadModule {name}_module "{_MODULES}/mod_{name}.so"' for name in modules]
    lines += [
        f'ServerRoot "{folder}"',
        f'PidFile "{folder}/pid"',
        f'ErrorLog "{folder}/log"',
        f'DocumentRoot "{folder}"',
        "ServerName 127.0.0.1",
        "Listen 127.0.0.1:@PORT@",
        "StartServers 2",
        f'SetEnv GIT_PROJECT_ROOT "{repositories}"',
        "SetEnv GIT_HTTP_EXPORT_ALL 1",
        *(f'SetEnv {name} "{value}"' for name, value in _server_environment(folder).items()),
        f'ScriptAlias /git "{_http_backend()}"',
        '<Location "/git">',
        'AuthType Basic\nAuthName "models"',
        f'AuthUserFile "{folder}/htpasswd"',
        "Require valid-user\n</Location>",
    ]

    def command(port: int) -> list[str]:
        (folder / "conf").write_text("\n".join(lines).replace("@PORT@", str(port)) + "\n")
        return [*_without_privileges(), program, "-D", "FOREGROUND", "-f", str(folder / "conf")]

    with _served(command, folder) as port:
        yield f"127.0.0.1:{port}"


@contextmanager
def nginx(folder: Path, repositories: Path, *, users: Sequence[str]) -> Iterator[str]:
    """nginx with fcgiwrap before git http-backend, and passwords. As `apache`."""
    program, wrapper = _program("nginx"), _program("fcgiwrap")
    _passwords(folder / "htpasswd", users, _program("htpasswd", package="apache2-utils"))
    given = {"SCRIPT_FILENAME": _http_backend(), "GIT_PROJECT_ROOT": str(repositories), "GIT_HTTP_EXPORT_ALL": "1"}
    given |= {"PATH_INFO": "$path", "QUERY_STRING": "$query_string", "REQUEST_METHOD": "$request_method"}
    given |= {"CONTENT_TYPE": "$content_type", "REMOTE_USER": "$remote_user", "REMOTE_ADDR": "$remote_addr"}
    given |= {"HTTP_CONTENT_ENCODING": "$http_content_encoding", **_server_environment(folder)}
    places = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    lines = [
        f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/log;\nevents {{}}",
        "http {\naccess_log off;\nclient_max_body_size 0;",
        *(f"{name}_temp_path {folder}/{name};" for name in places),
        "server {\nlisten 127.0.0.1:@PORT@;",
        "location ~ ^/git(?<path>/.*)$ {",
        f'auth_basic "models";\nauth_basic_user_file {folder}/htpasswd;',
        f"fastcgi_pass unix:{folder}/wrapper;",
        *(f'fastcgi_param {name} "{value}";' for name, value in given.items()),
        "}\n}\n}",
    ]

    def command(port: int) -> list[str]:
        (folder / "conf").write_text("\n".join(lines).replace("@PORT@", str(port)) + "\n")
        return [*_without_privileges(), program, "-p", str(folder), "-c", str(folder / "conf")]

    socket_path = folder / "wrapper"
    wrapping = [*_without_privileges(), wrapper, "-f", "-c", "4", "-s", f"unix:{socket_path}"]
    with _running(wrapping, folder, ready=socket_path.exists), _served(command, folder) as port:
        yield f"127.0.0.1:{port}"


@contextmanager
def sshd(folder: Path, *, client_key: str) -> Iterator[tuple[str, Path]]:
    """An sshd with a host key of its own that lets one key in. Gives user@host:port and its known_hosts file."""
    program = _program("sshd", package="openssh-server")
    host_key = folder / "host_key"
    subprocess.run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(host_key)), check=True)
    (folder / "authorized_keys").write_text(client_key + "\n")
    environment = " ".join(f'{name}="{value}"' for name, value in _server_environment(folder).items())
    lines = (
        "Port @PORT@\nListenAddress 127.0.0.1",
        f"HostKey {host_key}\nPidFile {folder}/pid\nAuthorizedKeysFile {folder}/authorized_keys",
        "PasswordAuthentication no\nKbdInteractiveAuthentication no\nUsePAM no\nStrictModes no",
        f"PermitRootLogin prohibit-password\nSetEnv {environment}",
    )
    if os.geteuid() == 0:
        # sshd that is started by root insists on this empty directory, which a service manager makes else.
        Path("/run/sshd").mkdir(mode=0o755, exist_ok=True)

    def command(port: int) -> list[str]:
        (folder / "conf").write_text("\n".join(lines).replace("@PORT@", str(port)) + "\n")
        (folder / "known_hosts").write_text(f"[127.0.0.1]:{port} {host_key.with_suffix('.pub').read_text()}")
        return [program, "-D", "-e", "-f", str(folder / "conf")]

    with _served(command, folder) as port:
        yield f"{pwd.getpwuid(os.getuid()).pw_name}@127.0.0.1:{port}", folder / "known_hosts"


def _server_environment(folder: Path) -> dict[str, str]:
    """What git and the hook see on the server: nothing of the machine's, and repositories of any owner."""
    config = folder / "gitconfig"
    config.write_text("[safe]\n\tdirectory = *\n[gc]\n\tauto = 0\n[receive]\n\tautogc = false\n")
    places = {"GIT_CONFIG_GLOBAL": str(config), "HOME": str(folder), "PATH": os.environ["PATH"]}
    return {"GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C", "TZ": "UTC", **places}


def _program(name: str, *, package: str = "") -> str:
    found = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        pytest.skip(f"{name} is not installed (Debian: {package or name}).")
    return found


def _http_backend() -> str:
    place = subprocess.run(("git", "--exec-path"), capture_output=True, text=True, check=True).stdout.strip()
    backend = Path(place, "git-http-backend")
    if not backend.exists():
        pytest.skip("git http-backend is not installed.")
    return str(backend)


def _passwords(file: Path, users: Sequence[str], htpasswd: str) -> None:
    made = (
        subprocess.run((htpasswd, "-nbm", user, PASSWORD), capture_output=True, text=True, check=True) for user in users
    )
    file.write_text("".join(done.stdout.strip() + "\n" for done in made))


def _without_privileges() -> tuple[str, ...]:
    """Web servers do not serve as root: there they run as nobody, who may read and write what the test made."""
    if os.geteuid() != 0:
        return ()
    setpriv = _program("setpriv", package="util-linux")
    nobody = pwd.getpwnam("nobody")
    # access(2) asks for the real user's rights; the secure bit lets it see this one, too.
    rights = ("--inh-caps=+dac_override", "--ambient-caps=+dac_override", "--securebits=+no_setuid_fixup")
    command = (setpriv, f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups", *rights)
    if subprocess.run((*command, "true"), capture_output=True, check=False).returncode:
        pytest.skip("A web server cannot be started here as anybody but root.")
    return command


@contextmanager
def _served(command: Callable[[int], list[str]], folder: Path) -> Iterator[int]:
    """The server that `command(port)` starts, at a port that is free; another port where somebody else was quicker."""
    for last in (False, False, True):
        port = _free_port()
        try:
            with _running(command(port), folder, ready=lambda port=port: _answers(port)):
                yield port
                return
        except _NotStartedError as error:
            if last:
                raise AssertionError(str(error)) from None


class _NotStartedError(Exception):
    """The server ended before it answered, or did not answer in time."""


@contextmanager
def _running(command: list[str], folder: Path, *, ready: Callable[[], bool]) -> Iterator[None]:
    with (folder / "output").open("ab") as output:
        process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, start_new_session=True, cwd=folder
        )
    try:
        end = time.monotonic() + _PATIENCE
        while not ready():
            if process.poll() is not None or time.monotonic() > end:
                raise _NotStartedError(f"{command} did not start: {(folder / 'output').read_text(errors='replace')}")
        yield
    finally:
        _stop(process)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """Ends the server, and all that it started, which is a session of its own."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=5)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue
    process.wait()


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def _answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
    except OSError:
        return False
    return True
