"""GpgsmHome: gpgsm in a home of its own, for verifying alone; the home and its agent are gone when it is.

gpgsm asks a gpg-agent which authorities are trusted, so there must be one. It is tied to a pipe of this process: it
ends with it, however that ends. Nothing is asked of any network: neither of dirmngr nor of a list of revocations.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import threading
import weakref
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from reviewtui.errors import SigningError
from reviewtui.signing.gnupg import StatusLine, status_lines
from reviewtui.signing.keygen import VERIFY_TIMEOUT, find_program, plain_environment, run_program

_HINT = "Install GnuPG's gpgsm and gpg-agent."
_NO_AGENT = "77"
_OPTIONS = (
    "--no-options", "--batch", "--no-tty", "--no-autostart", "--status-fd=1", "--disable-dirmngr",
    "--disable-crl-checks", "--no-common-certs-import", "--validation-model=shell",
)  # fmt: skip
# Its first line says that the agent listens; it ends when nobody holds the other end of its input any more.
_WATCH = ("sh", "-c", "echo; exec cat")


class GpgsmHome:
    """Holds certificates (in DER), and trusts the authorities with these fingerprints."""

    def __init__(self, certificates: Iterable[bytes], *, authorities: Iterable[str]) -> None:
        """Raises: SigningToolMissingError; SigningError."""
        self._program = find_program("gpgsm", hint=_HINT)
        self._lock = threading.Lock()
        self._home = Path(tempfile.mkdtemp(prefix="reviewtui-gpgsm-"))
        self._agent: subprocess.Popen[bytes] | None = None
        self._end = weakref.finalize(self, shutil.rmtree, self._home, ignore_errors=True)
        # GnuPG 2.4 keeps a new home's certificates in a daemon unless its common.conf is there and says nothing.
        (self._home / "common.conf").touch()
        trusted = sorted(authorities)
        (self._home / "trustlist.txt").write_text("".join(f"{each} S\n" for each in trusted), encoding="ascii")
        for certificate in certificates:
            self._run("--import", message=certificate)
        store = self._home / "pubring.kbx"
        self._store = store.read_bytes() if store.exists() else None
        if trusted:
            self._start_agent()

    def verify(self, message: bytes, signature: bytes, *, now: datetime) -> tuple[StatusLine, ...]:
        """What gpgsm says of a detached signature.

        Raises: SigningError where its agent is gone, so that nothing can be said.
        """
        with self._lock:
            self._forget()
            document, block = self._home / "message", self._home / "signature"
            document.write_bytes(message)
            block.write_bytes(signature)
            moment = f"--faked-system-time={max(int(now.timestamp()), 0)}"
            said = self._run(moment, "--verify", "--", str(block), str(document))
        if self._agent is not None and any(_lacks_agent(line) for line in said):
            raise SigningError("gpg-agent does not say which authorities are trusted.", hint=_HINT)
        return said

    def _forget(self) -> None:
        """gpgsm keeps the certificates that a signature brings; no signature may help, or harm, the next."""
        for file in self._home.glob("pubring.kbx*"):
            file.unlink()
        if self._store is not None:
            (self._home / "pubring.kbx").write_bytes(self._store)

    def _run(self, *arguments: str, message: bytes | None = None) -> tuple[StatusLine, ...]:
        command = (self._program, "--homedir", str(self._home), *_OPTIONS, *arguments)
        outcome = run_program(command, message=message, environment=plain_environment(), timeout=VERIFY_TIMEOUT)
        return status_lines(outcome.output.decode("utf-8", "replace"))

    def _start_agent(self) -> None:
        agent, killer = find_program("gpg-agent", hint=_HINT), find_program("gpg-connect-agent", hint=_HINT)
        command = (
            agent, "--homedir", str(self._home), "--no-options", "--disable-scdaemon", "--no-allow-mark-trusted",
            "--daemon", "--", *_WATCH,
        )  # fmt: skip
        self._agent = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=plain_environment()
        )
        self._end.detach()
        weakref.finalize(self, _stop, self._agent, killer, self._home)
        assert self._agent.stdout is not None
        if self._agent.stdout.readline() != b"\n":
            raise SigningError("gpg-agent cannot be started, so no authority can be trusted.", hint=_HINT)


def _lacks_agent(line: StatusLine) -> bool:
    return line.keyword == "TRUST_UNDEFINED" and line.fields[:1] == (_NO_AGENT,)


def _stop(agent: subprocess.Popen[bytes], killer: str, home: Path) -> None:
    command = (killer, "--homedir", str(home), "--no-autostart", "KILLAGENT", "/bye")
    run_program(command, environment=plain_environment(), timeout=VERIFY_TIMEOUT)
    for stream in (agent.stdin, agent.stdout):
        if stream is not None:
            stream.close()
    agent.terminate()
    agent.wait()
    shutil.rmtree(home, ignore_errors=True)
