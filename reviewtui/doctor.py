"""What is set up here and what is not, and for each gap the one command that mends it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterator, Sequence
from enum import StrEnum
from functools import partial
from pathlib import Path

from reviewtui.errors import (
    GitError,
    NoSigningKeyError,
    ReviewTuiError,
    SettingsError,
    SigningError,
)
from reviewtui.git.hooks import Hook, HookState, hooks_folder, local_hooks, server_hook
from reviewtui.git.objects import Ref
from reviewtui.git.remotes import push
from reviewtui.git.state import DIRECTORY
from reviewtui.patterns import pattern
from reviewtui.policy.lint import lint_policy
from reviewtui.policy.model import POLICY_FILE
from reviewtui.project import Project
from reviewtui.settings import ALLOWED_SIGNERS_FILE, CONFIG_FILE, MAX_SETTINGS_BYTES, OPENPGP_DIRECTORY, X509_DIRECTORY
from reviewtui.setup import NOTES_REFSPEC, branch_elsewhere, certified_name, signer_line
from reviewtui.signing.certificates import SshCertificate
from reviewtui.signing.configured import setup_lines
from reviewtui.signing.in_process import InProcessCheck
from reviewtui.signing.keygen import run_program
from reviewtui.signing.private_keys import private_of, read_certificate
from reviewtui.signing.scheme import NAMESPACE, SignatureStatus, Signer, Verification
from reviewtui.signing.ssh import SshSigner
from reviewtui.signing.ssh_authorities import is_for_signing
from reviewtui.values import dataclass, replace

OLDEST_OPENSSH = (8, 9)
PROBE_REF = "refs/notes/reviewtui/Doctor-Probe"
"""No record may ever be kept there, so a server that enforces anything refuses it."""

_PROBE = b"reviewtui doctor\n"
_LOCAL_TIME = pattern(rb'(valid-(?:after|before))="(\d{8}(?:\d{4}(?:\d{2})?)?)"', re.IGNORECASE)
_OWN = r"(\*|notes/\*|(?:notes/)?reviewtui/[^:]+)"
_OVERWRITING = pattern(rf"\+?refs/{_OWN}:refs/{_OWN}\Z")


class Health(StrEnum):
    """How a thing is. A notice is nothing that must be mended."""

    WELL = "well"
    NOTICE = "notice"
    ILL = "ill"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at: its state in a sentence, and the command that mends it ("" where none can)."""

    name: str
    health: Health
    message: str
    mend: str = ""


_Look = Callable[[Project], Iterator[Check]]


def diagnose(project: Project, *, hook_command: Sequence[str], probe: str = "") -> tuple[Check, ...]:
    """Look at everything. `hook_command` starts the check in a hook; `probe` names a remote to try a push on."""
    looks: list[tuple[str, _Look]] = [("programs", _programs)]
    if not project.repository.is_bare:
        looks += [("identity", _identity), ("signing key", _signing), ("notes refspec", _refspecs)]
    looks += [("settings", _settings), ("policy", _policy), ("allowed signers", _signers)]
    if not project.repository.is_bare:
        looks.append(("git tag -v", _tag_verification))
    looks += [("notes", _notes), ("history", _history)]
    looks.append(("hooks", lambda each: _hooks(each, hook_command)))
    looks.append(("server", lambda each: _server(each, probe)))
    return tuple(check for name, look in looks for check in _safely(name, look, project))


def _safely(name: str, look: _Look, project: Project) -> Iterator[Check]:
    """What cannot even be looked at is a finding, too."""
    try:
        yield from look(project)
    except ReviewTuiError as error:
        yield Check(name, Health.ILL, error.message, error.hint.partition("\n")[0])


def _programs(project: Project) -> Iterator[Check]:
    major, minor = project.repository.git.version
    yield Check("git", Health.WELL, f"git {major}.{minor}")
    yield _openssh()
    if InProcessCheck.is_available():
        yield Check("cryptography", Health.WELL, "SSH signatures are verified in this process.")
    else:
        words = "cryptography is not installed: each SSH signature starts an ssh-keygen, which is slow."
        yield Check("cryptography", Health.ILL, words, "pip install cryptography")


def _openssh() -> Check:
    try:
        said = run_program(("ssh", "-V"), timeout=20).errors
    except SigningError as error:
        return Check("openssh", Health.ILL, error.message, "apt-get install openssh-client")
    found = re.search(r"OpenSSH_(\d+)\.(\d+)", said)
    if found is None:
        return Check("openssh", Health.NOTICE, f"The version of OpenSSH is not known: {said.strip()[:80]}")
    version = int(found[1]), int(found[2])
    if version < OLDEST_OPENSSH:
        words = f"OpenSSH {version[0]}.{version[1]} is too old; 8.9 or later signs and verifies."
        return Check("openssh", Health.ILL, words, "apt-get install openssh-client")
    return Check("openssh", Health.WELL, f"OpenSSH {version[0]}.{version[1]}")


def _identity(project: Project) -> Iterator[Check]:
    config = project.repository.config
    for key, example in (("user.name", '"Your Name"'), ("user.email", "you@example.com")):
        if not config(key):
            yield Check("identity", Health.ILL, f"Git has no {key}.", f"git config --global {key} {example}")
            return
    person = project.repository.identity()
    yield Check("identity", Health.WELL, f"{person.name} <{person.email}>")


def _signing(project: Project) -> Iterator[Check]:
    try:
        signer = project.signer()
    except NoSigningKeyError as error:
        lines = error.hint or setup_lines().replace("--global", f"--{_scope(project, 'user.signingkey')}")
        yield Check("signing key", Health.ILL, error.message, " && ".join(lines.split("\n")))
        return
    try:
        signature = signer.sign(_PROBE, namespace=NAMESPACE)
    except SigningError as error:
        hint = error.hint.partition("\n")[0] or "ssh-add -l"
        yield Check("signing key", Health.ILL, f"{signer.describe()} does not sign: {error.message}", hint)
        return
    yield Check("signing key", Health.WELL, f"{signer.describe()} signs.")
    if project.settings.exists:
        yield _trusted(project, signer, signature)


def _trusted(project: Project, signer: Signer, signature: bytes) -> Check:
    found = project.trust.verify(_PROBE, signature, keyid=signer.keyid)
    if found.status is SignatureStatus.GOOD:
        return Check("trusted key", Health.WELL, f"It speaks for {', '.join(found.principals)}.")
    if signer.certificate is not None:
        return _certificate(project, signer, signer.certificate, found)
    if found.reason != "unknown-key":
        words = f"{found.reason}: {found.detail or 'records signed with it do not count'}."
        return Check("trusted key", Health.ILL, words, "ssh-keygen -t ed25519")
    if isinstance(signer, SshSigner) and signer.unused is not None and _would_count(project, signer, signer.unused):
        words = f"Git signs with the plain key, which nobody trusts; {signer.unused.name} beside it would count."
        return Check("trusted key", Health.ILL, words, f"git config user.signingkey {shlex.quote(str(signer.unused))}")
    email, key = project.repository.identity().email, signer.public_key()
    words = f"No file of the trusted branch names it, so records signed with it do not count ({signer.keyid})."
    if key.startswith("-----BEGIN PGP"):
        export = f"gpg --armor --export {shlex.quote(email)} > {OPENPGP_DIRECTORY}/{shlex.quote(email)}.asc"
        mend = f"mkdir -p {OPENPGP_DIRECTORY} && {export}"
    elif key.startswith("-----BEGIN CERTIFICATE"):
        mend = _adopt_certificates(key, email)
    else:
        mend = f"echo {shlex.quote(signer_line(signer, email))} >> {ALLOWED_SIGNERS_FILE}"
    return Check("trusted key", Health.ILL, words, mend)


def _would_count(project: Project, signer: SshSigner, unused: Path) -> bool:
    certified = replace(signer, certificate=read_certificate(unused))
    return project.trust.expected(certified).status is SignatureStatus.GOOD


def _certificate(project: Project, signer: Signer, certificate: SshCertificate, found: Verification) -> Check:
    """What a certificate that does not count needs; none of it makes its key count where the key is listed."""
    email = project.repository.identity().email
    words = f"{found.reason}: {found.detail or 'records signed with it do not count'}."
    mend = f"ssh-keygen -s AUTHORITY -I {shlex.quote(email)} -n {shlex.quote(email)} KEY.pub  (by the authority)"
    name = certified_name(signer)
    if project.trust.fingerprints().get(signer.keyid):
        words = f"{words} Without its certificate the key would count."
        mend = f"git config user.signingkey {shlex.quote(f'key::{signer.public_key()}')}"
        if isinstance(signer, SshSigner) and signer.file is not None:
            mend = f"git config user.signingkey {shlex.quote(str(private_of(signer.file)))}"
    elif found.reason == "unknown-key" and name and is_for_signing(certificate):
        mend = f"echo {shlex.quote(signer_line(signer, name))} >> {ALLOWED_SIGNERS_FILE}"
    return Check("trusted key", Health.ILL, words, mend)


def _adopt_certificates(pem: str, email: str) -> str:
    from reviewtui.signing.x509_certificates import certificates_of_pem, parse_x509

    fingerprints = (parse_x509(each).fingerprint for each in certificates_of_pem(pem.encode()))
    export = f"gpgsm --armor --export {' '.join(fingerprints)}"
    return f"mkdir -p {X509_DIRECTORY} && {export} > {X509_DIRECTORY}/{shlex.quote(email)}.pem"


def _settings(project: Project) -> Iterator[Check]:
    trusted = project.repository.trusted_branch(project.refs)
    if trusted is None:
        configured = project.repository.config("reviewtui.trustedBranch")
        elsewhere = branch_elsewhere(project.refs)
        words, mend = "There is no trusted branch yet.", "git commit --allow-empty -m Start"
        if configured:
            words = f"The trusted branch {configured} does not exist."
            mend = "git config --unset reviewtui.trustedBranch"
        elif elsewhere:
            words, mend = f"There is no trusted branch yet, and a remote has {elsewhere}.", f"git switch {elsewhere}"
        yield Check("trusted branch", Health.ILL, words, mend)
        return
    yield Check("trusted branch", Health.WELL, trusted.name)
    yield from _behind(project, trusted)
    settings = project.settings
    if not settings.exists:
        words = "The trusted branch has no .reviewtui/, so nothing can be released."
        yield Check("settings", Health.ILL, words, "reviewtui init --commit")
        return
    for problem in settings.problems:
        yield Check("settings", Health.ILL, problem.problem, f"$EDITOR {problem.path}")
    if not settings.problems:
        yield Check("settings", Health.WELL, f"{CONFIG_FILE} and {POLICY_FILE} can be read.")
    if not settings.repository and not settings.config_error:
        words = "config.yaml does not name the repository, so a record is bound to wherever this clone comes from."
        yield Check("settings", Health.NOTICE, words, f"$EDITOR {CONFIG_FILE}")


def _behind(project: Project, trusted: Ref) -> Iterator[Check]:
    """The settings of a branch that others took further are judged by here as they were."""
    branch = trusted.name.removeprefix("refs/heads/")
    for ref in project.refs if branch != trusted.name else ():
        remote = ref.name.removeprefix("refs/remotes/").removesuffix(f"/{branch}")
        if ref.name != f"refs/remotes/{remote}/{branch}" or ref.commit in (None, trusted.commit):
            continue
        if ref.commit and trusted.commit and project.repository.descends(ref.commit, trusted.commit):
            mend = f"git switch {shlex.quote(branch)} && git merge --ff-only {shlex.quote(f'{remote}/{branch}')}"
            yield Check("trusted branch", Health.NOTICE, f"{ref.name} is ahead of it, and does not count here.", mend)


def _policy(project: Project) -> Iterator[Check]:
    settings = project.settings
    if settings.policy is None or settings.policy_blob is None:
        return
    _, data = project.repository.git.cat_file.read(settings.policy_blob, limit=MAX_SETTINGS_BYTES)
    try:
        keys, certified = project.trust.holders(), project.trust.known_principals() is None
        remarks = lint_policy(settings.policy, data, name=POLICY_FILE, keys=keys, certified=certified)
    except SettingsError as error:
        yield Check("policy", Health.ILL, error.message, "reviewtui policy check")
        return
    for remark in remarks:
        yield Check("policy", Health.ILL if remark.is_error else Health.NOTICE, str(remark), "reviewtui policy check")
    if not remarks:
        yield Check("policy", Health.WELL, "Every rule can be met.")


def _signers(project: Project) -> Iterator[Check]:
    for problem in project.settings.unforgiven(project.trust.problems):
        mend = f"sed -i {problem.line}d {problem.path}" if problem.line else f"$EDITOR {problem.path}"
        yield Check("allowed signers", Health.ILL, str(problem), mend)
    files = project.settings.trust_files
    for number, line in enumerate((files.allowed_signers or b"").split(b"\n") if files else (), start=1):
        for found in _LOCAL_TIME.finditer(line):
            option, moment = found[1].decode("ascii"), found[2].decode("ascii")
            words = f'{ALLOWED_SIGNERS_FILE}:{number}: {option}="{moment}" is another moment in every time zone.'
            mend = f'sed -i \'{number}s/"{moment}"/"{moment}Z"/\' {ALLOWED_SIGNERS_FILE}'
            yield Check("allowed signers", Health.ILL, words, mend)


def _tag_verification(project: Project) -> Iterator[Check]:
    """Git reads its signers from a file, not from a branch: a copy of ours below .git stays where branches change."""
    repository = project.repository
    trusted, files = repository.trusted_branch(project.refs), project.settings.trust_files
    if trusted is None or files is None or files.allowed_signers is None:
        return
    configured = repository.config("gpg.ssh.allowedSignersFile")
    copy = repository.common_dir.resolve() / DIRECTORY / "allowed_signers"
    if configured is None:
        words = "gpg.ssh.allowedSignersFile is not set, so git tag -v cannot verify a release."
    elif configured == str(copy) and not _holds(copy, files.allowed_signers):
        words = f"What git tag -v verifies with is no longer what {trusted.name} trusts."
    else:
        yield Check("git tag -v", Health.WELL, f"Git verifies with {configured}.")
        return
    source, target = shlex.quote(f"{trusted.name}:{ALLOWED_SIGNERS_FILE}"), shlex.quote(str(copy))
    mend = f"mkdir -p {shlex.quote(str(copy.parent))} && git cat-file blob {source} > {target}"
    yield Check("git tag -v", Health.NOTICE, words, f"{mend} && git config gpg.ssh.allowedSignersFile {target}")


def _holds(file: Path, content: bytes) -> bool:
    try:
        with file.open("rb") as stream:
            return stream.read(len(content) + 1) == content
    except OSError:
        return False


def _refspecs(project: Project) -> Iterator[Check]:
    repository = project.repository
    for remote in repository.remotes():
        key = f"remote.{remote}.fetch"
        specs = repository.config_all(key)
        for spec in specs:
            if _OVERWRITING.match(spec):
                lost = "records that were not pushed yet, or this clone's memory"
                words = f"{key} = {spec} lets a fetch overwrite {lost}."
                mend = f"git config --unset-all {shlex.quote(key)} {shlex.quote(f'^{re.escape(spec)}$')}"
                yield Check("notes refspec", Health.ILL, words, mend)
        wanted = NOTES_REFSPEC.format(remote=remote)
        if wanted not in specs:
            words = f"git fetch does not bring the records of {remote}."
            mend = f"git config --add {shlex.quote(key)} {shlex.quote(wanted)}"
            yield Check("notes refspec", Health.ILL, words, mend)
        else:
            yield Check("notes refspec", Health.WELL, f"git fetch brings the records of {remote}.")


def _notes(project: Project) -> Iterator[Check]:
    records = project.records
    for problem in records.problems:
        mend = "git fetch --unshallow" if project.repository.is_shallow else "reviewtui sync"
        yield Check("notes", Health.ILL, f"{problem.path}: {problem.problem}.", mend)
    for alarm in records.alarms:
        yield Check("notes", Health.ILL, f"{alarm.where}: {alarm.reason}", "reviewtui sync")
    for remote in project.fetched_apart():
        words = f"git fetch brought records of {remote} that do not count here before they are united."
        yield Check("notes", Health.NOTICE, words, f"reviewtui sync {shlex.quote(remote)}")
    if not records.problems and not records.alarms:
        yield Check("notes", Health.WELL, "Nothing was taken from the records that this clone has seen.")


def _history(project: Project) -> Iterator[Check]:
    if project.repository.is_shallow:
        words = "This clone is shallow: bases and authors before its first commit are not known."
        yield Check("history", Health.NOTICE, words, "git fetch --unshallow")
    if project.repository.is_partial:
        words = "This clone is partial: files that it left behind cannot be compared."
        yield Check("history", Health.NOTICE, words, "git fetch --refetch --no-filter")


def _hooks(project: Project, command: Sequence[str]) -> Iterator[Check]:
    repository = project.repository
    if repository.is_bare:
        hook, kind = server_hook(repository, command=command)
        yield _hook(hook, f"reviewtui hooks install --server {shlex.quote(str(repository.git_dir))}", kind.value)
        return
    configured = repository.config("core.hooksPath")
    folder = hooks_folder(repository)
    if configured is not None and folder.exists() and not folder.is_dir():
        words = f"core.hooksPath is {configured}, where no hook can be: every hook is passed by."
        mend = f"git config --{_scope(project, 'core.hooksPath')} --unset core.hooksPath"
        yield Check("hooks", Health.ILL, words, mend)
        return
    (hook,) = local_hooks(repository, command=command, strict=False)
    yield _hook(hook, "reviewtui hooks install", "this clone")


def _scope(project: Project, key: str) -> str:
    """Where a setting of Git stands that counts: local, global and so on; global where it is nowhere."""
    said = project.repository.git.run("config", "--show-scope", "--get", key, ok=(0, 1)).decode("ascii", "replace")
    return said.partition("\t")[0] if "\t" in said else "global"


def _hook(hook: Hook, mend: str, where: str) -> Check:
    match hook.state():
        case HookState.INSTALLED:
            return Check("hooks", Health.WELL, f"The {hook.name} hook is installed ({where}).")
        case HookState.OUTDATED:
            return Check("hooks", Health.ILL, f"The {hook.name} hook is of another installation of reviewtui.", mend)
        case HookState.DISABLED:
            words = f"The {hook.name} hook is not executable, so Git passes it by ({where})."
            return Check("hooks", Health.ILL, words, mend)
        case _:
            return Check("hooks", Health.ILL, f"The {hook.name} hook is not installed ({where}).", mend)


def _server(project: Project, remote: str) -> Iterator[Check]:
    repository = project.repository
    if not remote:
        if repository.remotes() and not repository.is_bare:
            words = "Whether the server enforces the gate was not asked."
            yield Check("server", Health.NOTICE, words, "reviewtui doctor --probe-server")
        return
    trusted = repository.trusted_branch(project.refs)
    if trusted is None:
        raise GitError("There is nothing yet to try a push with.")
    try_push = partial(push, repository, remote, atomic=False, progress=None, own_hooks=False)
    (result,) = try_push((f"{trusted.name}:{PROBE_REF}",))
    if result.ok:
        try_push((f":{PROBE_REF}",))
        words = f"The server of {remote} took a ref that its hook must refuse: it does not enforce the gate."
        mend = "reviewtui hooks install --server DIR"
        yield Check("server", Health.ILL, words, f"{mend}  (on the server)")
    elif "hook declined" in result.summary:
        yield Check("server", Health.WELL, f"The server of {remote} enforces the gate.")
    else:
        words = f"The server of {remote} refused for a reason of its own: {result.summary}."
        yield Check("server", Health.NOTICE, words)
